"""A pending question is settled by code, in the transaction that stores the answer to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.messages import Incoming
from bot.core.ports import TokenCounter
from bot.core.scope import Scope
from bot.db.models import Booking, Message, Turn, TurnMessage
from bot.db.repositories import dialogue, people, talk, turns
from bot.services.bookings import book_in
from bot.services.dialogue import states
from bot.services.dialogue.patterns import matches
from bot.services.dialogue.pending import QUESTIONS, is_pending, open_questions
from bot.services.dialogue.states import State
from bot.services.dialogue.types import BOOKING, CHOICE, CONFIRMATION, FIELDS, INFO, BadState
from bot.services.dialogue.words import chosen, says_no, says_yes

SETTLED = "settled"
"""Under this key of a message's metadata stands what it has settled, for the prompt of its turn."""

_PHONE = re.compile(r"phone|mobile|телефон|тел\b", re.IGNORECASE)
_PHONE_MARKS = re.compile(r"[\s()\[\]./‐-―-]")
_ATTEMPT_LENGTH = 60
_ATTEMPT_WORDS = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What a message settled. `notices` are told by code; with a `reply` there is nothing to ask a model."""

    outcome: Mapping[str, Any]
    notices: tuple[dict[str, Any], ...] = field(default=())
    reply: str | None = None


class Settling:
    """Settles pending questions; `default_zone` is where people live who said nothing else.

    `name` is what the bot is called, for the replies that code gives.
    """

    def __init__(self, default_zone: str, tokens: TokenCounter, name: Callable[[], str]) -> None:
        self._zone = default_zone
        self._tokens = tokens
        self._name = name

    def settle(
        self, session: Session, incoming: Incoming, message: Message, scope: Scope, now: datetime
    ) -> Settled | None:
        """Settle what the message answers, and note it with the message; None when it answers nothing.

        Only the client's own words count, where they are meant for the bot: nothing that is forwarded, and in
        groups nothing said to others.
        """
        text = incoming.text.strip()
        if not text or incoming.addressed is None or incoming.content_type != "text":
            return None
        if incoming.forwarded_from is not None or incoming.via_command is not None:
            return None
        scope = dialogue.scope_in(session, scope)
        if not open_questions(states.active_in(session, scope, now)):
            return None
        if scope.user_id is None:
            return None
        dialogue.lock_owner(session, scope.user_id)
        case = _Case(
            session, scope, states.active_in(session, scope, now), text, now, self._own_zone(session, scope)
        )
        settled = next((found for state in case.pending if (found := _RULES[state.type](case, state))), None)
        if settled is not None:
            told = {"notices": list(settled.notices)} if settled.notices else {}
            message.meta = {**message.meta, SETTLED: {**settled.outcome, **told}}
        return settled

    def answer(self, session: Session, turn: Turn, settled: Settled | None, now: datetime) -> None:
        """Settle the turn by code's own reply, where there is one: its job then only delivers it."""
        if settled is None or settled.reply is None:
            return
        reply = talk.append(
            session,
            turn.conversation_no,
            talk.NewMessage(
                direction="outgoing", content=settled.reply, label=self._name(), sent_at=now,
                reply_to=turn.message_id, token_count=self._tokens.count(settled.reply), processing_time_ms=0,
            ),
        )  # fmt: skip
        turns.settle(session, turn.id, status="answered", now=now, reply=reply)

    def _own_zone(self, session: Session, scope: Scope) -> ZoneInfo:
        assert scope.user_id is not None
        return ZoneInfo(people.profile_of(session, scope.user_id).timezone or self._zone)


@dataclass(frozen=True, slots=True)
class _Case:
    """One message before the states of its sender."""

    session: Session
    scope: Scope
    active: list[State]
    text: str
    now: datetime
    zone: ZoneInfo

    @property
    def pending(self) -> list[State]:
        return open_questions(self.active)

    @property
    def booking(self) -> State | None:
        return next((state for state in self.active if state.type == BOOKING), None)

    def clear(self, *types: str) -> None:
        for type_ in types:
            dialogue.clear(self.session, self.scope, self.now, type_)


def _confirmation(case: _Case, state: State) -> Settled | None:
    if says_yes(case.text, state.data.get("expected_response")):
        return _agreed(case, state, state.data.get("booking_details"))
    if says_no(case.text):
        case.clear(CONFIRMATION)
        return Settled({"kind": "refused", "question": state.data["question"]})
    return None


def _booking(case: _Case, state: State) -> Settled | None:
    if says_yes(case.text, None):
        return _agreed(case, state, state.data)
    if says_no(case.text):
        case.clear(BOOKING)
        return Settled({"kind": "refused", "question": "the booking", "details": _said(state.data)})
    return None


def _agreed(case: _Case, state: State, details: Any) -> Settled:
    """A yes: where there is something to book, the row is written and all that led to it is cleared."""
    booking = case.booking
    if details is None and (booking is None or not is_pending(booking)):
        case.clear(CONFIRMATION)
        return Settled({"kind": "agreed", "question": state.data.get("question", "")})
    gathered = _said(booking.data) if booking is not None else {}
    try:
        with case.session.begin_nested():
            wanted = {**gathered, **{name: value for name, value in (details or {}).items() if value}}
            row = book_in(case.session, case.scope, state.id, wanted, case.now, case.zone)
    except Invalid as error:
        place = str(error) if isinstance(error, BadState) else "there is nothing to book"
        return Settled({"kind": "not_booked", "why": place})
    case.clear(CONFIRMATION, BOOKING)
    if row is None:
        return Settled({"kind": "booked_before"})
    shown = _said({name: getattr(row, name) for name in FIELDS})
    return Settled({"kind": "booked", "number": row.id, "details": shown}, (_booked_notice(row),))


def _choice(case: _Case, state: State) -> Settled | None:
    option = chosen(case.text, state.data["options"])
    if option is None:
        return None
    case.clear(CHOICE)
    outcome = {"kind": "chosen", "question": state.data["question"], "option": dict(option)}
    return Settled(outcome | {"context": state.data.get("context")})


def _info(case: _Case, state: State) -> Settled | None:
    wanted, pattern = str(state.data["info_type"]), state.data.get("validation")
    if pattern is None:
        return None  # nobody can tell an answer from other talk but the model
    bare = _PHONE_MARKS.sub("", case.text) if _PHONE.search(wanted) else case.text
    value = next((text for text in (bare, case.text) if matches(pattern, text)), None)
    if value is None:
        if not _attempt(case.text):
            return None
        return Settled({"kind": "unfit", "info_type": wanted}, reply=str(state.data["prompt"]))
    case.clear(INFO)
    filled = None
    if case.booking is not None and (wanted in case.booking.data or wanted in FIELDS):
        filled = states.update_in(
            case.session, case.scope, BOOKING, {wanted: value}, case.now, extend=True
        )  # fmt: skip
    return Settled({"kind": "told", "info_type": wanted, "value": value, "filled": filled is not None})


def _attempt(text: str) -> bool:
    """Whether a text that does not fit was meant as the answer: short, no question, or mostly digits."""
    if "?" in text or len(text) > _ATTEMPT_LENGTH:
        return False
    return len(text.split()) <= _ATTEMPT_WORDS or sum(letter.isdigit() for letter in text) * 2 >= len(text)


def told_by_code(session: Session, turn_id: int) -> list[dict[str, Any]]:
    """The notices of what the messages of a turn have settled."""
    metas = session.scalars(
        select(Message.meta)
        .join(TurnMessage, TurnMessage.message_id == Message.id)
        .where(TurnMessage.turn_id == turn_id)
        .order_by(Message.id)
    )
    return [row for meta in metas for row in meta.get(SETTLED, {}).get("notices", ())]


def still_asked(
    session: Session, scope: Scope, notices: Sequence[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """The notices without the buttons of questions that another one has taken the place of since."""
    if not any(row["kind"] in QUESTIONS for row in notices):
        return list(notices)
    active = states.active_in(session, dialogue.scope_in(session, scope), now)
    asked = {state.id for state in open_questions(active)}
    return [row for row in notices if row["kind"] not in QUESTIONS or row["ids"][0] in asked]


def _said(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in FIELDS if data.get(name)}


def _booked_notice(row: Booking) -> dict[str, Any]:
    when = " ".join(filter(None, (row.date, row.time)))
    return {"kind": "booked", "text": ", ".join(filter(None, (row.service, row.master, when, row.phone)))}


_RULES: Mapping[str, Callable[[_Case, State], Settled | None]] = {
    CONFIRMATION: _confirmation,
    BOOKING: _booking,
    CHOICE: _choice,
    INFO: _info,
}
