"""Dialogue states as faces ask for them: one unit of work each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.repositories import dialogue, people
from bot.services.audit import Audit
from bot.services.dialogue import states
from bot.services.dialogue.pending import button_text, open_questions
from bot.services.dialogue.states import State
from bot.services.reach import Caller, check_user_id, is_telegram, user_of


@dataclass(frozen=True, slots=True)
class Picked:
    """A pressed button as the words that it stands for; `key` names the question, `at` is now."""

    text: str
    key: str
    at: datetime


class Dialogue:
    """Reads and changes states: of a client's private scope, or behind a button of a chat."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._audit = Audit(database, clock)

    async def active(self, caller: Caller, client_id: str) -> list[State]:
        """A client's active states; none for one that was never seen. Raises NotFound."""
        now = self._clock.now()
        with suppress(NotFound):  # nobody yet, or beyond reach: the read itself tells which
            await self._audit.user(caller, "states.read", client_id)

        def unit(session: Session) -> list[State]:
            home = _home(session, caller, client_id)
            return [] if home is None else states.active_in(session, home, now)

        return await self._db.read(unit)

    async def save(
        self, caller: Caller, client_id: str, type_: str, data: Mapping[str, Any], minutes: int | None
    ) -> State:
        """Keep a state, in place of one of its type; the client is made at first use.

        Raises BadState, and NotFound beyond reach.
        """
        now = self._clock.now()

        def unit(session: Session) -> State:
            user = user_of(session, caller, client_id, create=True, now=now)
            return states.save_in(session, dialogue.home_of(session, user, now), type_, data, minutes, now)

        return await self._db.write(unit)

    async def update(
        self,
        caller: Caller,
        client_id: str,
        type_: str,
        changes: Mapping[str, Any],
        *,
        extend: bool,
        minutes: int,
    ) -> State:
        """Merge into an active state. Raises NotFound for one that is absent or expired, and BadState."""
        now = self._clock.now()

        def unit(session: Session) -> State:
            home = _home(session, caller, client_id)
            changed = None
            if home is not None:
                changed = states.update_in(
                    session, home, type_, changes, now, extend=extend, minutes=minutes
                )  # fmt: skip
            if changed is None:
                raise NotFound("no such state, or its time is over")
            return changed

        return await self._db.write(unit)

    async def clear(self, caller: Caller, client_id: str, type_: str | None = None) -> int:
        """Clear a client's state of a type, or all; how many were active. Raises NotFound beyond reach."""
        now = self._clock.now()

        def unit(session: Session) -> int:
            home = _home(session, caller, client_id)
            return 0 if home is None else states.clear_in(session, home, now, type_)

        return await self._db.write(unit)

    async def picked(
        self, person: Person, chat: ChatRef, state_id: int, number: int, stamp: int, language: str
    ) -> Picked | None:
        """What a button below a question says; None when the question is not open any more, or not theirs."""
        now = self._clock.now()

        def unit(session: Session) -> Picked | None:
            user, row = people.find_user(session, person), people.find_chat(session, chat)
            if user is None or row is None:
                return None
            scope = Scope(user.id, row.id, private=chat.private)
            for state in open_questions(states.active_in(session, scope, now)):
                if state.id == state_id and state.stamp == stamp:
                    text = button_text(state, number, language)
                    return None if text is None else Picked(text, f"state:{state_id}:{stamp}", now)
            return None

        return await self._db.read(unit)


def _home(session: Session, caller: Caller, client_id: str) -> Scope | None:
    """The client's private scope, None for somebody who is not known yet but whom the caller may name."""
    check_user_id(client_id)
    try:
        return dialogue.known_home(session, user_of(session, caller, client_id))
    except NotFound:
        if _may_be_new(caller, client_id):
            return None
        raise


def _may_be_new(caller: Caller, client_id: str) -> bool:
    """Whether the caller could make this client: then there is nothing yet rather than nothing to see."""
    if caller.admin or caller.user_external_id is not None:
        return caller.admin or caller.user_external_id == client_id
    return not is_telegram(client_id)
