"""Memories of one owner, whatever they are about: a person, a conversation, or the house itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from bot.db.models import Memory

Subject = Literal["user", "conversation", "system"]

Place = tuple[int, datetime, int]
"""Where a list goes on: the priority, the time of making and the id of the last one shown."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose memories: of a person (`users.id`), of a conversation (its number), or the system's.

    The system's are for all chats, or for one (`chats.id`).
    """

    subject: Subject
    id: int | None = None

    def __post_init__(self) -> None:
        if self.subject != "system" and self.id is None:
            raise ValueError(f"whose {self.subject} memories?")


def _of(owner: Owner, now: datetime) -> ColumnElement[bool]:
    column = {
        "user": Memory.user_id, "conversation": Memory.conversation_no, "system": Memory.chat_id,
    }[owner.subject]  # fmt: skip
    return and_(
        Memory.subject == owner.subject,
        column == owner.id if owner.id is not None else column.is_(None),
        Memory.invalid_at.is_(None), Memory.archived_at.is_(None), Memory.deleted_at.is_(None),
        or_(Memory.expires_at.is_(None), Memory.expires_at > now),
    )  # fmt: skip


def valid(
    session: Session, owner: Owner, now: datetime, *, after: Place | None = None, limit: int | None = None
) -> list[Memory]:
    """The valid memories of an owner (behind a place): the higher priority first, then the newer."""
    query = select(Memory).where(_of(owner, now))
    order = (Memory.priority, Memory.created_at, Memory.id)
    if after is not None:
        priority, created, id_ = after
        older = or_(Memory.created_at < created, and_(Memory.created_at == created, Memory.id < id_))
        query = query.where(or_(Memory.priority < priority, and_(Memory.priority == priority, older)))
    return list(session.scalars(query.order_by(*(column.desc() for column in order)).limit(limit)))


def find(session: Session, owner: Owner, memory_id: int, now: datetime) -> Memory | None:
    """A valid memory of an owner by its id, locked for a change."""
    query = select(Memory).where(Memory.id == memory_id, _of(owner, now)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def peek(session: Session, owner: Owner, memory_id: int, now: datetime) -> Memory | None:
    """The same to read only."""
    return session.scalar(select(Memory).where(Memory.id == memory_id, _of(owner, now)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds in a conversation whoever asks: the owner's rules, and what is kept about it."""

    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_LASTING = and_(
    Memory.invalid_at.is_(None), Memory.archived_at.is_(None), Memory.deleted_at.is_(None)
)  # fmt: skip


def standing(session: Session, chat_id: int | None, conversation_no: int | None, now: datetime) -> Standing:
    """By one statement: the higher priority first, then the older."""
    columns = (Memory.subject, Memory.text, Memory.priority, Memory.id)
    alive = and_(_LASTING, or_(Memory.expires_at.is_(None), Memory.expires_at > now))
    rules = select(*columns).where(
        # With a literal: a parameter would keep the planners from the partial index.
        Memory.subject == literal_column("'system'"),
        or_(Memory.chat_id.is_(None), Memory.chat_id == chat_id),
        alive,
    )
    notes = select(*columns).where(
        Memory.conversation_no == conversation_no, Memory.subject == "conversation", alive
    )
    rows = sorted(session.execute(union_all(rules, notes)), key=lambda row: (-row.priority, row.id))
    return Standing(
        tuple(row.text for row in rows if row.subject == "system"),
        tuple(row.text for row in rows if row.subject == "conversation"),
    )
