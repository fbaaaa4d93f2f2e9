"""The kept prompts of replies end when their time is over; the tables of layers stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.db.repositories import ledger
from bot.jobs.schedule import Tick

if TYPE_CHECKING:
    from bot.app.wiring import App


def attach_traces(app: App) -> list[Tick]:
    """Look hourly for prompts older than TRACE_RETENTION_DAYS."""
    kept = timedelta(days=app.settings.trace_retention_days)

    def drop(session: Session, now: datetime) -> list[NewJob]:
        ledger.drop_expired_prompts(session, now - kept, now)
        return []

    return [Tick("traces", 3600.0, drop)]
