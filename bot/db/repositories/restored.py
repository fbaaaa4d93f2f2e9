"""A database that was a backup a moment ago: what is not done twice, and ids that are not given twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.db import sequences
from bot.db.backup import MARK
from bot.db.models import Job, Meta, Turn
from bot.db.repositories import jobs, turns

SKIPPED = 1_000_000
"""Ids that are left out: the buttons of what happened after the backup still carry them."""

_UNDER_WAY = timedelta(minutes=1)
_REASON = "it waited in a backup of a running bot, which answered it after the backup was taken"


def begin_anew(session: Session, taken_at: datetime, now: datetime, *, running: bool) -> int:
    """Make a restored SQLite file the bot's own again; returns how many jobs became dead letters.

    What a `running` bot had under way it brought to its end by itself, so it is not answered again.
    """
    buried = _bury(session, taken_at, now) if running else 0
    mark = session.get(Meta, MARK)
    if mark is not None:
        session.delete(mark)
    sequences.skip(session.connection(), SKIPPED)
    return buried


def _bury(session: Session, taken_at: datetime, now: datetime) -> int:
    under_way = select(Job.id).where(
        Job.pool.in_(("receive", "answer")),
        Job.status.in_(("queued", "running")),
        Job.due_at <= taken_at + _UNDER_WAY,
    )
    ids = list(session.scalars(under_way))
    for job_id in ids:
        jobs.bury(session, job_id, _REASON, now)
    session.execute(
        update(Turn)
        .where(Turn.status.in_(turns.OPEN), Turn.created_at <= taken_at)
        .values(status="stopped", finished_at=func.coalesce(Turn.finished_at, now))
    )
    return len(ids)
