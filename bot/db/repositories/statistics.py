"""Numbers of one person and of the house, from counters and indexed look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.models import Conversation, Message, Turn, UsageRow
from bot.db.repositories.conversations import SHOWN


@dataclass(frozen=True, slots=True)
class Talked:
    """How many conversations, how many of them active, and their messages."""

    conversations: int
    active: int
    messages: int


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: how long it took, and how well a document fitted it (None without one)."""

    took: timedelta
    relevance: float | None


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of model calls and their dollars; calls without a known price count as nothing."""

    prompt_tokens: int
    completion_tokens: int
    cost: float


def talked(session: Session, user_id: int) -> Talked:
    """A person's private conversations and sessions, by the counters of their rows; incognito ones never."""
    active = func.count().filter(Conversation.status == "active")
    row = session.execute(
        select(func.count(), active, func.coalesce(func.sum(Conversation.message_count), 0)).where(
            Conversation.user_id == user_id,
            Conversation.status.in_(SHOWN),
            Conversation.incognito.is_(False),
        )
    ).one()
    return Talked(row[0], int(row[1]), int(row[2]))


def last_answers(session: Session, user_id: int, limit: int) -> Sequence[Answered]:
    """The last answers to a person, wherever they asked."""
    latest = (
        select(Turn.id, Turn.created_at, Turn.finished_at, Turn.reply_message_id)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .where(Turn.user_id == user_id, Turn.reply_message_id.is_not(None), Turn.finished_at.is_not(None))
        .where(Conversation.incognito.is_(False))
        .order_by(Turn.id.desc())
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(latest.c.created_at, latest.c.finished_at, Message.relevance_score).join(
            Message, Message.id == latest.c.reply_message_id
        )
    )
    return [Answered(_between(row[0], row[1]), row[2]) for row in rows]


def spent(session: Session, user_id: int) -> Spent:
    """What the answers to a person took, found by their turns."""
    row = session.execute(
        select(
            func.coalesce(func.sum(UsageRow.prompt_tokens), 0),
            func.coalesce(func.sum(UsageRow.completion_tokens), 0),
            func.coalesce(func.sum(UsageRow.cost), 0.0),
        )
        .select_from(Turn)
        .join(UsageRow, UsageRow.turn_id == Turn.id)
        .where(Turn.user_id == user_id)
    ).one()
    return Spent(int(row[0]), int(row[1]), float(row[2] or 0.0))


def _between(start: datetime, end: datetime) -> timedelta:
    return max(end - start, timedelta())
