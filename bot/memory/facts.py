"""Keeping facts: duplicates, replacements, the cap, and deletion with undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.clean import storable
from bot.db.models import Memory, User
from bot.db.repositories import memories
from bot.memory.gates import Refused
from bot.memory.kinds import SENSITIVE, SINGLE, UNCOUNTED
from bot.memory.text import normal


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that passed the gates, with the message and the words it stands on."""

    text: str
    kind: str
    quote: str
    message_id: int
    replaces: int | None = None
    origin: Literal["explicit", "inferred"] = "explicit"


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a fact: its row, whether it was there before, what it closed, what had to make room."""

    memory_id: int
    text: str
    known: bool
    closed: tuple[int, ...] = ()
    archived: int | None = None


def save(session: Session, scope: Scope, fact: NewFact, cap: int, now: datetime) -> Saved:
    """Store a fact of the asker. Raises Refused when the cap is reached and everything is pinned."""
    if scope.user_id is None:
        raise Refused("nobody to remember it of")
    _lock(session, scope.user_id)
    valid = memories.own_valid(session, scope.user_id, now)
    key = normal(fact.text)
    for row in valid:
        if row.text_key == key:
            closing = [old for old in _replaced(valid, fact) if old is not row]
            _close(closing, row.id, now)
            return Saved(row.id, row.text, True, tuple(old.id for old in closing))
    closing = _replaced(valid, fact)
    archived = _make_room(valid, closing, fact.kind, cap, now)
    memory = Memory(
        user_id=scope.user_id,
        kind=fact.kind,
        text=fact.text,
        text_key=key,
        scope="private" if fact.origin == "inferred" and scope.private else "global",
        chat_id=scope.chat_id,
        sensitive=fact.kind in SENSITIVE,
        origin=fact.origin,
        valid_at=now,
        created_at=now,
    )
    memories.add(session, memory, [(fact.message_id, storable(fact.quote))])
    _close(closing, memory.id, now)
    return Saved(memory.id, memory.text, False, tuple(old.id for old in closing), archived)


def _lock(session: Session, user_id: int) -> None:
    """Keep the cap and the duplicates right under concurrency on PostgreSQL; foreign keys stay free."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def _replaced(valid: list[Memory], fact: NewFact) -> list[Memory]:
    chosen = [row for row in valid if row.id == fact.replaces]
    if not chosen and fact.kind in SINGLE and fact.origin == "explicit":
        chosen = [row for row in valid if row.kind == fact.kind]
    return chosen


def _close(rows: list[Memory], by: int, now: datetime) -> None:
    for row in rows:
        row.invalid_at, row.superseded_by = now, by


def _make_room(valid: list[Memory], closing: list[Memory], kind: str, cap: int, now: datetime) -> int | None:
    """Archive what is too much (more than one after the cap was lowered); returns the first of them."""
    staying = [row for row in valid if row not in closing and _apart(row.kind) == _apart(kind)]
    loose = sorted(
        (row for row in staying if not row.pinned), key=lambda row: (row.priority, row.created_at, row.id)
    )
    leaving = loose[: max(0, len(staying) - cap + 1)]
    if len(staying) - len(leaving) >= cap:
        raise Refused(
            "the memory is full and every fact is pinned; the person must unpin or delete one first"
        )
    for row in leaving:
        row.archived_at = now
    return leaving[0].id if leaving else None


def _apart(kind: str) -> bool:
    return kind in UNCOUNTED


def delete(session: Session, scope: Scope, memory_id: int, now: datetime) -> Memory | None:
    """Take a fact of the asker's away (undo is possible for a while); None when it is not theirs."""
    memory = memories.owned(session, scope, memory_id)
    if memory is None or memory.deleted_at is not None:
        return None
    memory.deleted_at = now
    return memory


def restore(session: Session, scope: Scope, memory_id: int, cap: int, now: datetime) -> Memory | None:
    """Bring a deleted or archived fact back; None when it is not the asker's or gone for good.

    When the same fact is valid again already, that one is returned. Raises Refused when there is no room,
    or when a later value of a single-valued kind has taken its place.
    """
    if scope.user_id is None:
        return None
    _lock(session, scope.user_id)
    memory = memories.owned(session, scope, memory_id)
    if memory is None or (memory.deleted_at is None and memory.archived_at is None):
        return None
    if memory.invalid_at is None:
        valid = memories.own_valid(session, scope.user_id, now)
        for row in valid:
            if row.text_key == memory.text_key:
                return row
            if memory.kind in SINGLE and row.kind == memory.kind:
                raise Refused(f"a later one has taken its place: {row.text}")
        _make_room(valid, [], memory.kind, cap, now)
    memory.deleted_at = memory.archived_at = None
    return memory
