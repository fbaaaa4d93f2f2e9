"""Dialogue states and bookings put into the product, and opened beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.core.jobs import NewJob
from bot.db.repositories import dialogue
from bot.jobs.schedule import Tick
from bot.services.bookings import Bookings
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.wiring import App


def attach_dialogue(app: App) -> list[Tick]:
    """What has expired is never shown; its rows go every hour."""
    return [Tick("dialogue", 3600.0, _forget)]


def _forget(session: Session, now: datetime) -> list[NewJob]:
    """Done on the spot: it needs no job."""
    dialogue.purge_expired(session, now)
    return []


@asynccontextmanager
async def open_bookings(settings: Settings) -> AsyncIterator[Bookings]:
    """The bookings of the configured database, also beside a running bot. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield Bookings(database, SystemClock(), settings.default_timezone)
