"""Keeping dialogue states, inside a unit of work: the one core of HTTP, Python, tools and settling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import DialogueState
from bot.db.repositories import dialogue
from bot.services.dialogue.types import MOST_STATES, BadState, checked, checked_type, minutes_of


@dataclass(frozen=True, slots=True)
class State:
    """A state that has not expired; times are aware UTC."""

    id: int
    type: str
    data: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime

    @property
    def stamp(self) -> int:
        """Tells a state from what it was before its last change."""
        return int(self.updated_at.timestamp() * 1000)


def active_in(session: Session, scope: Scope, now: datetime) -> list[State]:
    """The active states, the latest touched first."""
    return [_view(row) for row in dialogue.active(session, scope, now)]


def get_in(session: Session, scope: Scope, type_: str, now: datetime) -> State | None:
    """The active state of a type."""
    row = dialogue.find(session, scope, type_, now)
    return None if row is None else _view(row)


def save_in(
    session: Session, scope: Scope, type_: str, data: Mapping[str, Any], minutes: int | None, now: datetime
) -> State:
    """Keep a state in place of the one of its type. Raises BadState."""
    assert scope.user_id is not None
    kept, until = checked(type_, data), now + timedelta(minutes=minutes_of(type_, minutes))
    dialogue.lock_owner(session, scope.user_id)
    others = [state for state in dialogue.active(session, scope, now) if state.type != type_]
    if len(others) >= MOST_STATES:
        raise BadState(f"there are {MOST_STATES} states already", "context_type")
    return _view(dialogue.put(session, scope, type_, kept, now, until))


def update_in(
    session: Session,
    scope: Scope,
    type_: str,
    changes: Mapping[str, Any],
    now: datetime,
    *,
    extend: bool = False,
    minutes: int = 30,
) -> State | None:
    """Merge at the top level into an active state; None when there is none. Raises BadState.

    With `extend` it lasts `minutes` from now.
    """
    assert scope.user_id is not None
    checked_type(type_)
    lasting = minutes_of(type_, minutes)
    if not isinstance(changes, Mapping):
        raise BadState("what changes is an object", "update_data")
    dialogue.lock_owner(session, scope.user_id)
    row = dialogue.find(session, scope, type_, now)
    if row is None:
        return None
    row.data = checked(type_, {**row.data, **changes})
    row.updated_at = max(now, row.updated_at + timedelta(milliseconds=1))
    if extend:
        row.expires_at = now + timedelta(minutes=lasting)
    session.flush()
    return _view(row)


def clear_in(session: Session, scope: Scope, now: datetime, type_: str | None = None) -> int:
    """Clear the states of a person in a chat, or the one of a type; how many were active."""
    if scope.user_id is not None:
        dialogue.lock_owner(session, scope.user_id)
    return dialogue.clear(session, scope, now, type_)


def _view(row: DialogueState) -> State:
    return State(row.id, row.type, dict(row.data), row.created_at, row.updated_at, row.expires_at)
