"""The operator's desk beside a running bot: the queue of its jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.services.jobs_desk import JobsDesk
from bot.settings import Settings


@asynccontextmanager
async def open_jobs(settings: Settings) -> AsyncIterator[JobsDesk]:
    """The queue of the configured database. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield JobsDesk(database, SystemClock())
