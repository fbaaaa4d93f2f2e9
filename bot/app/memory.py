"""Memories of the configured database, also beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.memory.recall import Recall
from bot.services.memory_desk import MemoryDesk
from bot.services.memory_records import MemoryRecords
from bot.services.search import Search
from bot.settings import Settings


@asynccontextmanager
async def open_memories(settings: Settings) -> AsyncIterator[MemoryDesk]:
    """The desk of memories; it searches by words, no model is asked. Raises ConfigError."""
    async with database_beside(settings) as database:
        clock = SystemClock()
        records = MemoryRecords(database, clock, settings.user_memory_max_facts)
        search = Search(Recall(database), database, clock, settings.default_timezone)
        yield MemoryDesk(database, clock, records, search)
