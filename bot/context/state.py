"""The layer of unfinished business: the asker's dialogue states of this chat, and what was just settled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.views import TurnView
from bot.db.models import Message
from bot.db.repositories import dialogue

SETTLED = "settled"

_BOOKING = "booking_in_progress"
_ORDER = ("service", "master", "date", "time")


def state_lines(session: Session, view: TurnView, now: datetime) -> list[str]:
    """What this turn's messages have settled, then the asker's active states in this chat, a line each."""
    if view.scope.user_id is None:
        return []
    scope = dialogue.scope_in(session, view.scope)
    settled = [_settled(outcome) for outcome in _outcomes(session, [message.id for message in view.current])]
    return [*settled, *(_active(row.type, row.data) for row in dialogue.active(session, scope, now))]


def _outcomes(session: Session, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    metas = session.scalars(select(Message.meta).where(Message.id.in_(ids)).order_by(Message.id))
    return [meta[SETTLED] for meta in metas if SETTLED in meta]


def _active(type_: str, data: Mapping[str, Any]) -> str:
    if type_ == _BOOKING:
        return _booking(data)
    describe = _ACTIVE.get(type_)
    shown = _json(data) if describe is None else describe(data)
    return f"{type_}: {shown}"


def _booking(data: Mapping[str, Any]) -> str:
    ordered = {name: data.get(name) for name in _ORDER} | dict(data)  # JSONB keeps no order
    known = {name: value for name, value in ordered.items() if name != "step" and value not in (None, "")}
    missing = [name for name in _ORDER if name not in known]
    left = f"; still to be chosen: {', '.join(missing)}" if missing else ""
    step = data.get("step", "")
    return f"unfinished booking ({_BOOKING}), step {step}: {_json(known)}{left}. Continue it."


def _confirmation(data: Mapping[str, Any]) -> str:
    details = data.get("booking_details")
    about = f" about {_json(details)}" if details else ""
    return f"asked, no yes or no yet: {_json(data.get('question'))}{about}"


def _choice(data: Mapping[str, Any]) -> str:
    options = "; ".join(f"{option['id']}. {option['text']}" for option in data["options"])
    return f"asked, nothing chosen yet: {_json(data.get('question'))} Options: {options}"


def _info(data: Mapping[str, Any]) -> str:
    return f"waiting for {_json(data.get('info_type'))}, asked: {_json(data.get('prompt'))}"


_ACTIVE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "awaiting_confirmation": _confirmation,
    "awaiting_choice": _choice,
    "waiting_for_info": _info,
}


def _settled(outcome: Mapping[str, Any]) -> str:
    details = _json(outcome.get("details"))
    match outcome.get("kind"):
        case "booked":
            return f"the booking is stored now (number {outcome['number']}): {details}. Say so."
        case "booked_before":
            return "this booking was stored before; nothing was booked again."
        case "not_booked":
            return f"the person agreed, but nothing was booked: {outcome['why']}. Ask for another one."
        case "refused":
            return f"the person said no to {_json(outcome['question'])}: it is closed, nothing was booked."
        case "agreed":
            return f"the person said yes to {_json(outcome['question'])}."
        case "chosen":
            context = f" (context: {_json(outcome['context'])})" if outcome.get("context") else ""
            return f"chosen: {_json(outcome['option']['text'])}, asked {_json(outcome['question'])}{context}."
        case "told":
            where = " and kept with the booking" if outcome.get("filled") else ""
            return f"{_json(outcome['info_type'])} is given{where}: {_json(outcome['value'])}."
        case "unfit":
            return f"what was given as {_json(outcome['info_type'])} does not fit: ask for it again."
        case _:
            return _json(outcome)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
