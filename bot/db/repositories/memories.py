"""A person's facts: who may see which, and where each was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.core.views import FactView
from bot.db.models import Memory, MemorySource


def _valid(now: datetime) -> ColumnElement[bool]:
    return and_(
        Memory.invalid_at.is_(None),
        Memory.archived_at.is_(None),
        Memory.deleted_at.is_(None),
        or_(Memory.expires_at.is_(None), Memory.expires_at > now),
    )


def _visible(scope: Scope) -> ColumnElement[bool]:
    """What the asker may see where they ask: their own facts; in a group nothing private or sensitive."""
    own = Memory.user_id == (scope.user_id if scope.user_id is not None else -1)
    if scope.private and scope.chat_id is None:
        return own  # the person looks at their own list, in no chat at all
    here = or_(Memory.scope != "chat", Memory.chat_id == (scope.chat_id or -1))
    if scope.private:
        return and_(own, here)
    return and_(own, here, Memory.scope != "private", Memory.sensitive.is_(False))


def valid_facts(session: Session, scope: Scope, now: datetime, limit: int = 200) -> list[FactView]:
    """The asker's valid facts that may be shown in this scope, newest first."""
    first = (
        select(func.min(MemorySource.id))
        .where(MemorySource.memory_id == Memory.id)
        .correlate(Memory)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Memory, MemorySource.message_id, MemorySource.quote)
        .outerjoin(MemorySource, MemorySource.id == first)
        .where(_visible(scope), _valid(now))
        .order_by(Memory.created_at.desc(), Memory.id.desc())
        .limit(limit)
    )
    return [
        FactView(
            id=memory.id, text=memory.text, kind=memory.kind, said_at=memory.valid_at,
            priority=memory.priority, pinned=memory.pinned, message_id=message_id, quote=quote or "",
        )
        for memory, message_id, quote in rows
    ]  # fmt: skip


def numbered(session: Session, scope: Scope, now: datetime) -> list[tuple[int, FactView]]:
    """The asker's valid facts that may be shown here, oldest first, with the numbers a model calls them by.

    Facts that are over keep theirs, so a number means the same fact before and after a change.
    """
    ranks = select(Memory.id).where(_visible(scope)).order_by(Memory.id)
    number = {memory_id: rank for rank, memory_id in enumerate(session.scalars(ranks), start=1)}
    facts = sorted(valid_facts(session, scope, now), key=lambda fact: fact.id)
    return [(number[fact.id], fact) for fact in facts]


def own_valid(session: Session, user_id: int, now: datetime) -> list[Memory]:
    """All valid facts of a person, oldest first, wherever they may be shown: what the cap counts."""
    return list(
        session.scalars(
            select(Memory)
            .where(Memory.user_id == user_id, _valid(now))
            .order_by(Memory.created_at, Memory.id)
        )
    )


def owned(session: Session, scope: Scope, memory_id: int) -> Memory | None:
    """A fact by its id, if it is the asker's own (deleted and archived ones too)."""
    if scope.user_id is None:
        return None
    return session.scalar(select(Memory).where(Memory.id == memory_id, Memory.user_id == scope.user_id))


def count_valid(session: Session, scope: Scope, now: datetime) -> int:
    """How many valid facts the asker can see in this scope."""
    return session.scalar(select(func.count()).select_from(Memory).where(_visible(scope), _valid(now))) or 0


def page(session: Session, scope: Scope, now: datetime, offset: int, size: int) -> list[Memory]:
    """A page of the asker's valid facts, newest first."""
    return list(
        session.scalars(
            select(Memory)
            .where(_visible(scope), _valid(now))
            .order_by(Memory.created_at.desc(), Memory.id.desc())
            .offset(offset)
            .limit(size)
        )
    )


def add(session: Session, memory: Memory, sources: Sequence[tuple[int | None, str]]) -> Memory:
    """Store a fact with the messages and the quotes that it stands on."""
    session.add(memory)
    session.flush()
    session.add_all(MemorySource(memory_id=memory.id, message_id=m, quote=q) for m, q in sources)
    session.flush()
    return memory


def purge_deleted(session: Session, before: datetime) -> int:
    """Remove for good what was deleted before a time: then no undo can bring it back."""
    rows = list(session.scalars(select(Memory).where(Memory.deleted_at < before)))
    for row in rows:
        session.delete(row)
    return len(rows)
