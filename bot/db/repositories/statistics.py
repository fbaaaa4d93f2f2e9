"""Numbers of one person and of the house, from counters and indexed look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, text
from sqlalchemy.orm import Session

from bot.db.models import Conversation, Memory, Message, Turn, User
from bot.db.repositories.conversations import SHOWN
from bot.db.repositories.people import CHAT_PERSON
from bot.db.repositories.usage import Extent
from bot.db.upsert import is_postgres

SUBJECTS = ("user", "conversation", "system")
"""What memories are about."""


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


def talked(session: Session, extent: Extent) -> Talked:
    """Conversations by the counters of their rows; deleted and incognito ones never.

    Of a person those are their private ones and sessions.
    """
    active = func.count().filter(Conversation.status == "active")
    row = session.execute(
        select(func.count(), active, func.coalesce(func.sum(Conversation.message_count), 0)).where(
            _told(extent)
        )
    ).one()
    return Talked(row[0], int(row[1]), int(row[2]))


def last_answers(session: Session, extent: Extent, limit: int) -> Sequence[Answered]:
    """The last answers to a person, wherever they asked, or to everybody; incognito ones never."""
    if extent.application is not None:
        raise ValueError("turns are not found by application")
    asked = [] if extent.user_id is None else [Turn.user_id == extent.user_id]
    latest = (
        select(Turn.id, Turn.created_at, Turn.finished_at, Turn.reply_message_id)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .where(*asked, Turn.reply_message_id.is_not(None), Turn.finished_at.is_not(None))
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


def people_in(session: Session, extent: Extent, platform: str | None) -> int:
    """How many people there are, of an application by the platform under which its users stand."""
    count = select(func.count()).select_from(User)
    if extent.user_id is not None:
        return session.scalar(count.where(User.id == extent.user_id)) or 0
    if extent.application is not None:
        return session.scalar(count.where(User.platform == platform)) or 0
    chats = User.platform == "tg", User.external_id.startswith(CHAT_PERSON)
    return (session.scalar(count) or 0) - (session.scalar(count.where(*chats)) or 0)


def memories_in(session: Session, extent: Extent, platform: str | None, now: datetime) -> dict[str, int]:
    """Valid memories by what they are about; the system's belong to nobody but everybody."""
    alive = and_(
        Memory.invalid_at.is_(None), Memory.archived_at.is_(None), Memory.deleted_at.is_(None),
        or_(Memory.expires_at.is_(None), Memory.expires_at > now),
    )  # fmt: skip
    count = select(func.count()).select_from(Memory).where(alive)
    talks = Memory.conversation_no.in_(select(Conversation.no).where(_told(extent)))
    of_people, of_house = [Memory.subject == "user"], [Memory.subject == "system"]
    if extent.user_id is not None:
        of_people.append(Memory.user_id == extent.user_id)
    elif extent.application is not None:
        of_people.append(Memory.user_id.in_(select(User.id).where(User.platform == platform)))
    whole = extent.user_id is None and extent.application is None
    return {
        "user": session.scalar(count.where(*of_people)) or 0,
        "conversation": session.scalar(count.where(Memory.subject == "conversation", talks)) or 0,
        "system": (session.scalar(count.where(*of_house)) or 0) if whole else 0,
    }


def storage_bytes(session: Session) -> int:
    """What the database takes on its disk."""
    if is_postgres(session):
        return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages, size = (session.scalar(text(f"PRAGMA {name}")) for name in ("page_count", "page_size"))
    return int(pages or 0) * int(size or 0)


def _told(extent: Extent) -> ColumnElement[bool]:
    told: list[ColumnElement[bool]] = [Conversation.status.in_(SHOWN), Conversation.incognito.is_(False)]
    if extent.user_id is not None:
        told.append(Conversation.user_id == extent.user_id)
    elif extent.application is not None:
        told.append(Conversation.application == extent.application)
    return and_(*told)


def _between(start: datetime, end: datetime) -> timedelta:
    return max(end - start, timedelta())
