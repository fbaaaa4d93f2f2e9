"""The operator's desk beside a running bot: its database, without its workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError

from bot.app.schema import head_revision, place_of, sqlite_revision, unopenable
from bot.core.clock import SystemClock
from bot.core.errors import ConfigError
from bot.db.engine import make_database
from bot.services.jobs_desk import JobsDesk
from bot.settings import Settings


@asynccontextmanager
async def open_jobs(settings: Settings) -> AsyncIterator[JobsDesk]:
    """The queue of the configured database, which must be there and up to date. Raises ConfigError."""
    url = settings.database_url
    database = make_database(url)
    try:
        if url.startswith("sqlite"):
            _require_schema(await asyncio.to_thread(sqlite_revision, url), url)
        await database.open()
    except (OSError, DBAPIError) as error:
        raise ConfigError(unopenable(url, error)) from error
    try:
        yield JobsDesk(database, SystemClock())
    finally:
        await database.close()


def _require_schema(found: str | None, url: str) -> None:
    if found is None:
        raise ConfigError(f"There is no database at {place_of(url)} yet: `mnema run` makes it.")
    if found != head_revision(url):
        raise ConfigError(f"The database at {place_of(url)} has another schema: run `mnema db upgrade`.")
