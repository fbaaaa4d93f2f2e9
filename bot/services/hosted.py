"""The sessions' services for an application of somebody else's, on the database that the settings name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.core.clock import SystemClock
from bot.core.ports import Clock
from bot.db.blocking import blocking_database
from bot.db.engine import make_database
from bot.services.api_keys import ApiKeys
from bot.services.idempotency import Idempotency
from bot.services.sessions import Sessions
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Hosted:
    """What routes of sessions need, and nothing else."""

    sessions: Sessions
    keys: ApiKeys
    answers: Idempotency
    clock: Clock


@asynccontextmanager
async def open_hosted(settings: Settings) -> AsyncIterator[Hosted]:
    """The services on an opened database, whose schema is made if there is none; the bot may run beside."""
    made = blocking_database(settings.database_url)
    await asyncio.to_thread(made.read, lambda _: None)
    await asyncio.to_thread(made.close)
    database, clock = make_database(settings.database_url), SystemClock()
    await database.open()
    try:
        sessions = Sessions(database, clock, most=settings.max_active_conversations)
        yield Hosted(sessions, ApiKeys(database, clock, settings), Idempotency(database, clock), clock)
    finally:
        await database.close()
