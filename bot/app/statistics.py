"""The numbers of the configured database, also beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.beside import database_beside
from bot.services.statistics import Statistics
from bot.settings import Settings


@asynccontextmanager
async def open_statistics(settings: Settings) -> AsyncIterator[Statistics]:
    """Raises ConfigError."""
    async with database_beside(settings) as database:
        yield Statistics(database)
