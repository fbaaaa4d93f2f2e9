"""A configured database opened beside a running bot: without its workers, and never migrated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError

from bot.app.schema import (
    broken_place,
    knows_revision,
    newer_database,
    place_of,
    revision_in,
    sqlite_revision,
    unopenable,
)
from bot.core.errors import ConfigError
from bot.db.engine import Database, make_database
from bot.db.migrate import newest_revision
from bot.settings import Settings


class NoTables(ConfigError):
    """The database was never used."""


@asynccontextmanager
async def database_beside(settings: Settings, database: Database | None = None) -> AsyncIterator[Database]:
    """The configured database (`database`, where a part of the product has made it already), opened.

    It must be there and up to date. Raises ConfigError.
    """
    url = settings.database_url
    database = database or make_database(url)
    try:
        if url.startswith("sqlite"):
            _require_schema(await asyncio.to_thread(sqlite_revision, url), url)
        await database.open()
        if not url.startswith("sqlite"):
            await _require_server_schema(database)
    except (OSError, DBAPIError) as error:
        raise ConfigError(unopenable(url, error)) from error
    try:
        yield database
    except DBAPIError as error:
        if (sentence := broken_place(url, error)) is None:
            raise
        raise ConfigError(sentence) from error
    finally:
        await database.close()


async def _require_server_schema(database: Database) -> None:
    try:
        _require_schema(await database.read(revision_in), database.url)
    except BaseException:
        await database.close()
        raise


def _require_schema(found: str | None, url: str) -> None:
    if found is None:
        raise NoTables(f"There is no database at {place_of(url)} yet: `mnema run` makes it.")
    if found == newest_revision():
        return
    if not knows_revision(url, found):
        raise ConfigError(newer_database(url))
    raise ConfigError(f"The database at {place_of(url)} has another schema: run `mnema db upgrade`.")
