"""A person's facts: who may see which, and where each was said.

A fact that waits for its owner's word (a proposal) is an archived row that is `closed_as` "proposed".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.core.views import FactView
from bot.db.models import Memory, MemorySource, SearchItem

PROPOSED = "proposed"
"""`closed_as` of a fact that nobody has confirmed yet; it is shown nowhere but to its owner."""

USED_EVERY = timedelta(days=1)
"""Between two notes of a fact's last use: a write per turn would say no more."""


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
    own = and_(own, Memory.subject == "user")
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
            .where(Memory.user_id == user_id, Memory.subject == "user", _valid(now))
            .order_by(Memory.created_at, Memory.id)
            .execution_options(populate_existing=True)  # read again what was read before the lock
        )
    )


def owned(session: Session, scope: Scope, memory_id: int, now: datetime | None = None) -> Memory | None:
    """A fact by its id, if it is the asker's own (deleted and archived ones too; expired ones never)."""
    if scope.user_id is None:
        return None
    query = select(Memory).where(
        Memory.id == memory_id, Memory.user_id == scope.user_id, Memory.subject == "user"
    )
    if now is not None:
        query = query.where(or_(Memory.expires_at.is_(None), Memory.expires_at > now))
    return session.scalar(query.execution_options(populate_existing=True))


def past(session: Session, scope: Scope, now: datetime, limit: int = 50) -> list[Memory]:
    """What was once so of the asker and may be shown here: values that changed, the last closed first."""
    return list(
        session.scalars(
            select(Memory)
            .where(
                _visible(scope), Memory.closed_as == "changed", Memory.invalid_at <= now,
                Memory.deleted_at.is_(None), Memory.archived_at.is_(None),
            )
            .order_by(Memory.invalid_at.desc(), Memory.id.desc())
            .limit(limit)
        )
    )  # fmt: skip


def archived(session: Session, scope: Scope, now: datetime) -> list[Memory]:
    """The asker's facts that had to make room, the last ones first; they can be restored."""
    return list(
        session.scalars(
            select(Memory)
            .where(
                _visible(scope), Memory.archived_at.is_not(None), Memory.deleted_at.is_(None),
                Memory.invalid_at.is_(None), Memory.closed_as.is_(None),
                or_(Memory.expires_at.is_(None), Memory.expires_at > now),
            )
            .order_by(Memory.archived_at.desc(), Memory.id.desc())
        )
    )  # fmt: skip


def proposed(session: Session, user_id: int) -> list[Memory]:
    """Facts that wait for the person's word, oldest first."""
    return list(
        session.scalars(
            select(Memory)
            .where(Memory.user_id == user_id, Memory.closed_as == PROPOSED, Memory.deleted_at.is_(None))
            .order_by(Memory.id)
            .execution_options(populate_existing=True)
        )
    )


def all_valid(session: Session, scope: Scope, now: datetime) -> list[Memory]:
    """The asker's valid facts that may be shown in this scope, newest first."""
    return list(
        session.scalars(
            select(Memory)
            .where(_visible(scope), _valid(now))
            .order_by(Memory.created_at.desc(), Memory.id.desc())
        )
    )


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


def note_used(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Note that facts entered a prompt; at most once a day each."""
    stale = or_(Memory.last_used_at.is_(None), Memory.last_used_at < now - USED_EVERY)
    session.execute(
        update(Memory)
        .where(Memory.id.in_(ids), stale)
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def purge_deleted(session: Session, before: datetime) -> int:
    """Remove for good what was deleted before a time: then no undo can bring it back."""
    return _purge(session, Memory.deleted_at < before)


def purge_expired(session: Session, now: datetime) -> int:
    """Remove what has outlived its time."""
    return _purge(session, Memory.expires_at <= now)


def purge_proposed(session: Session, before: datetime) -> int:
    """Remove proposals that nobody has answered since a time."""
    return _purge(session, and_(Memory.closed_as == PROPOSED, Memory.archived_at < before))


def _purge(session: Session, which: ColumnElement[bool]) -> int:
    ids = list(session.scalars(select(Memory.id).where(which)))
    if ids:
        session.execute(delete(SearchItem).where(SearchItem.kind == "fact", SearchItem.item_id.in_(ids)))
        session.execute(delete(MemorySource).where(MemorySource.memory_id.in_(ids)))
        session.execute(delete(Memory).where(Memory.id.in_(ids)))
    return len(ids)
