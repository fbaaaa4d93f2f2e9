"""Answers kept for repeated requests are cleared away when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.jobs.schedule import Tick
from bot.services.idempotency import forget_old

if TYPE_CHECKING:
    from bot.app.wiring import App


def attach_idempotency(app: App) -> list[Tick]:
    """Look every hour."""
    return [Tick("idempotency", 3600.0, _forget)]


def _forget(session: Session, now: datetime) -> list[NewJob]:
    """Done on the spot: it needs no job."""
    forget_old(session, now)
    return []
