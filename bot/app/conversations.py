"""Conversations and sessions of the configured database, also beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.services.conversations import Conversations
from bot.services.sessions import Sessions
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Talks:
    """What commands about conversations need."""

    sessions: Sessions
    conversations: Conversations


@asynccontextmanager
async def open_talks(settings: Settings) -> AsyncIterator[Talks]:
    """Both services. Raises ConfigError."""
    most = settings.max_active_conversations
    async with database_beside(settings) as database:
        clock = SystemClock()
        yield Talks(Sessions(database, clock, most=most), Conversations(database, clock, most=most))
