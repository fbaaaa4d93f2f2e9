"""Queries about messages that were sent in one go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, conversation_range
from bot.db.models import Job, Message, Turn

_ALBUM_REACH = 30
"""Messages back in which the parts of an album are looked for: ten of its own, others' in between."""


def last_asked_at(session: Session, conversation_no: int, user_id: int) -> datetime | None:
    """When the person last sent something in this conversation that made or extended a turn."""
    newest = select(func.max(Turn.id)).where(Turn.conversation_no == conversation_no, Turn.user_id == user_id)
    return session.scalar(select(Turn.last_part_at).where(Turn.id == newest.scalar_subquery()))


def album_before(session: Session, message: Message, mark: str, album: str) -> list[int]:
    """Ids of the album's parts that stand before a message, oldest first."""
    first, _ = conversation_range(conversation_of(message.id))
    rows = session.scalars(
        select(Message)
        .where(Message.id >= first, Message.id < message.id)
        .order_by(Message.id.desc())
        .limit(_ALBUM_REACH)
    )
    return sorted(row.id for row in rows if row.meta.get(mark) == album)


def more_waits(session: Session, lane: str) -> bool:
    """Whether something else has arrived in an intake lane and is not handled yet."""
    # A literal status: a parameter would keep the planners from the partial index.
    query = select(Job.id).where(Job.lane == lane, Job.status == literal_column("'queued'"))
    return session.scalar(query.limit(1)) is not None
