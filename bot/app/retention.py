"""Letting go in the product: deleted conversations, old and expired messages, too many active talks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.db.repositories import conversations
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.services.retention import EXPIRE, PURGE, SWEEP, Keeping, Retention

if TYPE_CHECKING:
    from bot.app.wiring import App

HOUR = 3600.0
LOOK_EVERY = 600.0
_AT_A_LOOK = 200

RETRIES = RetryPolicy(attempts=10, patience=86_400.0, first_pause=5.0, longest_pause=3600.0)
"""A promise was made: what fails is tried for a day; then it is a dead letter that somebody sees."""


def attach_retention(app: App) -> list[Tick]:
    """Register the jobs of letting go."""
    settings = app.settings
    keeping = Keeping(settings.delete_grace_days, settings.message_retention_days, settings.retention_action)
    retention = Retention(app.database, app.clock, keeping)
    app.jobs.register(conversations.UNSEE, retention.unsee, RETRIES)
    app.jobs.register(PURGE, retention.purge, RETRIES)
    app.jobs.register(EXPIRE, retention.expire, RETRIES)
    app.jobs.register(SWEEP, retention.sweep, RETRIES)

    def make_room(session: Session, now: datetime) -> list[NewJob]:
        """Done on the spot: a few rows each. Whoever begins or opens a conversation makes room at once.

        What is left to do is what a lower MAX_ACTIVE_CONVERSATIONS leaves.
        """
        most = settings.max_active_conversations
        for user_id in conversations.over(session, most, _AT_A_LOOK):
            conversations.make_room(session, user_id, most, now)
        return []

    return [
        Tick("purge", HOUR, retention.due_purges),
        Tick("expiry", HOUR, retention.due_expiry),
        Tick("retention", HOUR, retention.due_sweep),
        Tick("room", LOOK_EVERY, make_room),
    ]
