"""Keeping facts: duplicates, replacements, the cap, and deletion with undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import Memory, User
from bot.db.repositories import memories
from bot.memory.gates import Refused
from bot.memory.kinds import SENSITIVE, SINGLE
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
    # The lock on the person's row keeps the cap and the duplicates right under concurrency on PostgreSQL.
    session.scalar(select(User.id).where(User.id == scope.user_id).with_for_update())
    valid = memories.own_valid(session, scope.user_id, now)
    key = normal(fact.text)
    for row in valid:
        if row.text_key == key:
            return Saved(row.id, row.text, known=True)
    closing = _replaced(valid, fact)
    archived = _make_room(valid, closing, cap, now)
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
    memories.add(session, memory, [(fact.message_id, fact.quote)])
    for old in closing:
        old.invalid_at, old.superseded_by = now, memory.id
    return Saved(memory.id, memory.text, False, tuple(old.id for old in closing), archived)


def _replaced(valid: list[Memory], fact: NewFact) -> list[Memory]:
    chosen = [row for row in valid if row.id == fact.replaces]
    if not chosen and fact.kind in SINGLE and fact.origin == "explicit":
        chosen = [row for row in valid if row.kind == fact.kind]
    return chosen


def _make_room(valid: list[Memory], closing: list[Memory], cap: int, now: datetime) -> int | None:
    staying = [row for row in valid if row not in closing]
    if len(staying) < cap:
        return None
    loose = [row for row in staying if not row.pinned]
    if not loose:
        raise Refused(
            "the memory is full and every fact is pinned; the person must unpin or delete one first"
        )
    leaving = min(loose, key=lambda row: (row.priority, row.created_at, row.id))
    leaving.archived_at = now
    return leaving.id


def delete(session: Session, scope: Scope, memory_id: int, now: datetime) -> Memory | None:
    """Take a fact of the asker's away (undo is possible for a while); None when it is not theirs."""
    memory = memories.owned(session, scope, memory_id)
    if memory is None or memory.deleted_at is not None:
        return None
    memory.deleted_at = now
    return memory


def restore(session: Session, scope: Scope, memory_id: int, cap: int, now: datetime) -> Memory | None:
    """Bring a deleted fact back; None when it is not the asker's or gone for good."""
    memory = memories.owned(session, scope, memory_id)
    if memory is None or memory.deleted_at is None:
        return None
    _make_room(memories.own_valid(session, memory.user_id, now), [], cap, now)
    memory.deleted_at = None
    return memory
