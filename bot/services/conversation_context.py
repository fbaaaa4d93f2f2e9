"""Dialogue states for plain Python, also while the bot runs: `ConversationContext(client_id)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, TypedDict, TypeVar

from sqlalchemy.orm import Session

from bot.core.clock import SystemClock
from bot.core.errors import NotFound
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.blocking import BlockingDatabase, blocking_database
from bot.db.repositories import dialogue
from bot.services.dialogue import states
from bot.services.dialogue.states import State
from bot.services.reach import DEFAULT_APPLICATION, Caller, user_of
from bot.settings import load_settings

T = TypeVar("T")

_LOCAL = Caller("local", "python", DEFAULT_APPLICATION, frozenset({"admin"}))


class Kept(TypedDict):
    """A state as scripts see it; times are UTC, ISO 8601 with Z."""

    data: dict[str, Any]
    created_at: str
    expires_at: str


class ConversationContext:
    """The dialogue states of one client, in their private scope.

    Without a `database` it is the one that the settings name. All methods block, and raise `BadState` (a
    ValueError) for what cannot be kept.
    """

    def __init__(
        self, client_id: str | int, *, database: BlockingDatabase | None = None, clock: Clock | None = None
    ) -> None:
        self.client_id = str(client_id)
        self._given = database
        self._clock = clock or SystemClock()

    @cached_property
    def _database(self) -> BlockingDatabase:
        return _database(self._given)

    def save_context(
        self, context_type: str, context_data: Mapping[str, Any], expires_in_minutes: int | None = None
    ) -> Kept:
        """Keep a state in place of one of the same type; each type has its own default minutes."""
        now = self._clock.now()

        def unit(session: Session) -> State:
            user = user_of(session, _LOCAL, self.client_id, create=True, now=now)
            home = dialogue.home_of(session, user, now)
            return states.save_in(session, home, context_type, context_data, expires_in_minutes, now)

        return kept(self._database.write(unit))

    def get_context(self, context_type: str) -> Kept | None:
        """The active state of a type."""
        return self.get_all_active_contexts().get(context_type)

    def update_context(
        self,
        context_type: str,
        update_data: Mapping[str, Any],
        extend_expiry: bool = False,
        expires_in_minutes: int = 30,
    ) -> bool:
        """Merge into an active state, and with `extend_expiry` let it last so long from now.

        False when there is none, or it has expired: nothing is created.
        """

        def unit(session: Session, home: Scope, now: datetime) -> bool:
            changed = states.update_in(
                session, home, context_type, update_data, now,
                extend=extend_expiry, minutes=expires_in_minutes,
            )  # fmt: skip
            return changed is not None

        return self._change(unit, False)

    def has_context(self, context_type: str) -> bool:
        """Whether there is an active state of a type."""
        return self.get_context(context_type) is not None

    def get_all_active_contexts(self) -> dict[str, Kept]:
        """The active states by type."""
        now = self._clock.now()

        def unit(session: Session) -> list[State]:
            home = _known(session, self.client_id)
            return [] if home is None else states.active_in(session, home, now)

        return {state.type: kept(state) for state in self._database.read(unit)}

    def clear_context(self, context_type: str | None = None) -> int:
        """Clear the state of a type, or all; how many were active."""
        return self._change(lambda s, home, now: states.clear_in(s, home, now, context_type), 0)

    def _change(self, change: Callable[[Session, Scope, datetime], T], nothing: T) -> T:
        now = self._clock.now()

        def unit(session: Session) -> T:
            home = _known(session, self.client_id)
            return nothing if home is None else change(session, home, now)

        return self._database.write(unit)


def cleanup_expired_contexts(*, database: BlockingDatabase | None = None, clock: Clock | None = None) -> int:
    """Delete what has expired, everybody's; how many there were. The running bot does so every hour."""
    now = (clock or SystemClock()).now()
    return _database(database).write(lambda session: dialogue.purge_expired(session, now))


def kept(state: State) -> Kept:
    """A state as scripts see it."""
    return Kept(data=state.data, created_at=_z(state.created_at), expires_at=_z(state.expires_at))


def _known(session: Session, client_id: str) -> Scope | None:
    try:
        return dialogue.known_home(session, user_of(session, _LOCAL, client_id))
    except NotFound:
        return None


def _database(given: BlockingDatabase | None) -> BlockingDatabase:
    return given or blocking_database(load_settings().database_url)


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
