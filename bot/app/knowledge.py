"""Documents are read by jobs of their conversation's own lane, so that what is asked behind them waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.llm.build import build_tokens
from bot.memory.parsing.run import Parser
from bot.memory.recall import Recall
from bot.services.knowledge import Knowledge
from bot.services.reading import KIND
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.wiring import App

READ_RETRIES = RetryPolicy(attempts=4, patience=30.0, first_pause=0.5, longest_pause=8.0)
"""Short: the answers behind a document wait for it."""


def attach_knowledge(app: App) -> list[Tick]:
    """Register the reading of documents; nothing of it falls due by itself."""
    app.jobs.register(KIND, app.reading.read, READ_RETRIES, app.reading.give_up)
    return []


@asynccontextmanager
async def open_knowledge(settings: Settings) -> AsyncIterator[Knowledge]:
    """The documents of the configured database, also beside a running bot. Raises ConfigError."""
    tokens = build_tokens(settings)
    async with database_beside(settings) as database:
        await tokens.warm()
        yield Knowledge(database, SystemClock(), tokens, Parser(), Recall(database))
