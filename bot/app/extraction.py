"""The background work of memory: reading for facts, and letting go of what has had its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.db.repositories import memories
from bot.jobs.schedule import Tick
from bot.memory import proposals
from bot.memory.extraction import KIND, RETRIES, Extractor, find_due

if TYPE_CHECKING:
    from bot.app.wiring import App

LOOK = 60.0
"""Seconds between two looks for words to read."""


def attach_extraction(app: App) -> list[Tick]:
    """Register the reading job; returns what finds due batches and what cleans up."""
    app.jobs.register(KIND, extractor_of(app).work, RETRIES)
    return [Tick("extraction", LOOK, find_due), Tick("memories", 3600.0, _purge)]


def extractor_of(app: App) -> Extractor:
    """The extractor of an app; it keeps nothing between two calls."""
    return Extractor(app.database, app.llm, app.clock, app.settings.user_memory_max_facts)


def _purge(session: Session, now: datetime) -> list[NewJob]:
    """Small deletions are done on the spot."""
    memories.purge_expired(session, now)
    memories.purge_proposed(session, now - timedelta(days=proposals.DAYS))
    return []
