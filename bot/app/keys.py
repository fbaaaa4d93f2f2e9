"""The keys of the API beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.services.api_keys import ApiKeys
from bot.settings import Settings


@asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[ApiKeys]:
    """The keys of the configured database. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield ApiKeys(database, SystemClock(), settings)
