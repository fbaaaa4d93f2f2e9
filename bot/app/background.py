"""All background work of the product: each topic registers its jobs and names what falls due by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.app.backing_up import attach_backups
from bot.app.catching_up import attach_catching_up
from bot.app.dialogue import attach_dialogue
from bot.app.erasure import attach_erasure
from bot.app.extraction import attach_extraction
from bot.app.idempotency import attach_idempotency
from bot.app.incognito import attach_incognito
from bot.app.indexing import attach_indexing
from bot.app.knowledge import attach_knowledge
from bot.app.retention import attach_retention
from bot.app.statistics import attach_statistics
from bot.app.summaries import attach_summaries
from bot.app.traces import attach_traces
from bot.core.jobs import NewJob
from bot.db.repositories import jobs, memories
from bot.jobs.schedule import Tick
from bot.turns.left_over import forget_left_overs

if TYPE_CHECKING:
    from bot.app.wiring import App

UPDATE_MEMORY_DAYS = 8
"""Days that finished jobs keep their dedup keys: longer than Telegram repeats an update."""

LEFT_OVER_DAYS = 1
"""Days that a terminal's question waits for its asker to come back."""

UNDO_DAYS = 1
"""Days that a deleted fact can be brought back."""


def attach_background(app: App) -> list[Tick]:
    """Register every topic's job handlers; returns what the ticker looks for."""
    ticks = [Tick("cleanup", 3600.0, _cleanup)]
    for attach in _TOPICS:
        ticks += attach(app)
    return ticks


_TOPICS: tuple[Callable[[App], list[Tick]], ...] = (
    attach_indexing,
    attach_traces,
    attach_knowledge,
    attach_idempotency,
    attach_summaries,
    attach_catching_up,
    attach_extraction,
    attach_dialogue,
    attach_incognito,
    attach_retention,
    attach_erasure,
    attach_statistics,
    attach_backups,
)
"""One attaching function a topic, each in a file of its own beside this one."""


def _cleanup(session: Session, now: datetime) -> list[NewJob]:
    """Small deletions are done on the spot: they are the due work and need no job."""
    jobs.purge_finished(session, now - timedelta(days=UPDATE_MEMORY_DAYS))
    memories.purge_deleted(session, now - timedelta(days=UNDO_DAYS))
    forget_left_overs(session, now, now - timedelta(days=LEFT_OVER_DAYS))
    return []
