"""What a fact was before, and taking a former value back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import Memory
from bot.db.repositories import memories, sources
from bot.memory import facts, indexed
from bot.memory.gates import Refused
from bot.memory.sensitive import is_sensitive
from bot.memory.text import normal

LONGEST = 100
"""Values of one fact that are told."""


def chain(session: Session, scope: Scope, memory_id: int) -> list[Memory]:
    """All values of the asker's fact, oldest first, the present one last; empty when it is not theirs."""
    start = memories.owned(session, scope, memory_id)
    if start is None:
        return []
    found = {row.id: row for row in (start, *_newer(session, start))}
    edge = [start.id]
    while edge and len(found) < LONGEST:
        before = select(Memory).where(
            Memory.user_id == scope.user_id, Memory.superseded_by.in_(edge), Memory.invalid_at.is_not(None)
        )
        older = {row.id: row for row in session.scalars(before) if row.id not in found}
        found |= older
        edge = list(older)
    kept = (row for row in found.values() if row.deleted_at is None or row is start)
    return sorted(kept, key=lambda row: (row.invalid_at is None, row.valid_at, row.id))


def _newer(session: Session, row: Memory) -> Iterator[Memory]:
    seen = {row.id}
    while row.invalid_at is not None and row.superseded_by is not None and row.superseded_by not in seen:
        later = session.get(Memory, row.superseded_by)
        if later is None or later.user_id != row.user_id:
            return
        seen.add(later.id)
        yield later
        row = later


def take_back(session: Session, scope: Scope, memory_id: int, cap: int, now: datetime) -> facts.Saved | None:
    """Make a former value of the asker's fact valid again, from now on; what took its place becomes former.

    None when it is not theirs or not over. Raises Refused.
    """
    if scope.user_id is None:
        return None
    facts.hold(session, scope.user_id)
    row = memories.owned(session, scope, memory_id, now)
    if row is None or row.invalid_at is None or row.deleted_at is not None:
        return None
    present = [later.id for later in _newer(session, row) if later.invalid_at is None]
    spoken = sources.of_memory(session, row.id)
    again = facts.NewFact(
        row.text,
        row.kind,
        replaces=present,
        scope=None if row.scope == "chat" else row.scope,  # type: ignore[arg-type]  # written from the literal
        sensitive=row.sensitive,
        priority=row.priority,
        tags=row.tags,
        pinned=row.pinned,
    )
    saved = facts.save(session, scope, again, cap, now)
    memory = session.get_one(Memory, saved.memory_id)
    memory.sensitive = row.sensitive
    for source in spoken:
        sources.add(session, saved.memory_id, source.message_id, source.quote)
    return saved


def edit(session: Session, scope: Scope, memory_id: int, text: str, now: datetime) -> facts.Saved | None:
    """The owner puts a valid fact into other words; the old ones stay in its history.

    None when it is not theirs or not valid. Raises Refused when another fact says that already.
    """
    if scope.user_id is None:
        return None
    facts.hold(session, scope.user_id)
    row = memories.owned(session, scope, memory_id, now)
    if row is None or any((row.invalid_at, row.archived_at, row.deleted_at)):
        return None
    if normal(text) == row.text_key:
        row.text = text
        indexed.put(session, row)
        return facts.Saved(row.id, row.text, True)
    if any(other.text_key == normal(text) for other in memories.own_valid(session, scope.user_id, now)):
        raise Refused("another fact says that already", "known")
    memory = _reworded(row, text, now)
    memories.add(session, memory, [])
    facts.close(session, [row], memory.id, now)
    indexed.put(session, memory)
    return facts.Saved(memory.id, memory.text, False, (row.id,))


def _reworded(row: Memory, text: str, now: datetime) -> Memory:
    # What its owner has shared stays shared unless the new words touch what the old ones did not.
    touched = is_sensitive(row.kind, text) and not is_sensitive(row.kind, row.text)
    return Memory(
        subject="user", user_id=row.user_id, kind=row.kind, text=text, text_key=normal(text),
        scope="private" if touched else row.scope, chat_id=row.chat_id, sensitive=row.sensitive or touched,
        priority=max(row.priority, facts.PRIORITY["explicit"]), tags=list(row.tags), pinned=row.pinned,
        origin="explicit", valid_at=now, expires_at=row.expires_at, created_at=now,
    )  # fmt: skip
