"""save_state, ask_person, clear_state: the model drives unfinished business; code settles the questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import User
from bot.db.repositories import dialogue
from bot.services.dialogue import states
from bot.services.dialogue.details import made_real, next_step
from bot.services.dialogue.pending import is_pending, question_notice
from bot.services.dialogue.states import State
from bot.services.dialogue.types import BOOKING, CHOICE, CONFIRMATION, INFO, STEPS
from bot.tools.registry import Tool, ToolResult, ToolRun

_QUESTIONS = (CONFIRMATION, CHOICE, INFO)


class SaveArguments(BaseModel):
    """What the model writes to keep something unfinished."""

    type: str
    data: dict[str, Any]


class AskArguments(BaseModel):
    """What the model writes to ask: options make a choice, `info` a detail, neither a yes or no."""

    question: str
    options: list[str] = []
    info: Annotated[str, Field(description="What is wanted, e.g. phone.")] = ""
    validation: Annotated[str, Field(description="Regular expression for it.")] = ""
    context: str = ""


class ClearArguments(BaseModel):
    """What the model writes to drop a state, or all."""

    type: str = ""


def dialogue_tools(default_zone: str) -> tuple[Tool, ...]:
    """The tools; `default_zone` is where people live who said nothing else."""

    def save(call: ToolRun, arguments: SaveArguments) -> ToolResult:
        scope = _scope(call)
        kept = _save(call.session, scope, arguments, call.now, _zone(call, default_zone))
        return _told(kept)

    def ask(call: ToolRun, arguments: AskArguments) -> ToolResult:
        scope = _scope(call)
        type_, data = _question(arguments, call.session, scope, call.now)
        if type_ == CONFIRMATION and "booking_details" in data:
            data["booking_details"] = made_real(
                data["booking_details"], call.now, _zone(call, default_zone)
            )  # fmt: skip
        for other in _QUESTIONS:  # a new question takes the place of the one before
            states.clear_in(call.session, scope, call.now, other)
        return _told(states.save_in(call.session, scope, type_, data, None, call.now))

    return (
        Tool(
            "save_state",
            "Keep unfinished business for the next messages; merges into the state of that type. For an "
            f"appointment type={BOOKING}, data: service, master, date and time (the person's words or ISO), "
            "phone. Save each detail as soon as it is said.",
            SaveArguments, save, saving=True,
        ),
        Tool(
            "ask_person",
            "Ask what the person answers next, with buttons: options for a choice, info for a detail, "
            "neither for yes/no. Yes to a complete booking stores it. Say the question in your answer too.",
            AskArguments, ask, saving=True,
        ),
        Tool(
            "clear_state", "Drop unfinished business that is given up.",
            ClearArguments, _clear, saving=True,
        ),
    )  # fmt: skip


def _clear(call: ToolRun, arguments: ClearArguments) -> ToolResult:
    count = states.clear_in(call.session, _scope(call), call.now, arguments.type or None)
    return ToolResult(f"Cleared: {count}.")


def _scope(call: ToolRun) -> Scope:
    """Where the turn's states stand; in sessions over HTTP that place is made at first need."""
    scope = dialogue.scope_in(call.session, call.view.scope)
    user = None if scope.user_id is None else call.session.get(User, scope.user_id)
    if scope.chat_id is None and user is not None:
        return dialogue.home_of(call.session, user, call.now)
    return scope


def _zone(call: ToolRun, default: str) -> ZoneInfo:
    return ZoneInfo(call.view.profile.timezone or default)


def _save(session: Session, scope: Scope, arguments: SaveArguments, now: datetime, zone: ZoneInfo) -> State:
    type_, data = arguments.type, dict(arguments.data)
    before = states.get_in(session, scope, type_, now)
    if type_ == BOOKING:
        data = _booking_data(data, before.data if before is not None else {}, now, zone)
    if before is None:
        return states.save_in(session, scope, type_, data, None, now)
    changed = states.update_in(session, scope, type_, data, now, extend=True)
    assert changed is not None
    return changed


def _booking_data(
    data: Mapping[str, Any], before: Mapping[str, Any], now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """What is new of a booking, made real, with the step that follows from all that is known."""
    whole = made_real({**before, **data}, now, zone)
    new = {name: whole[name] for name in data}
    if data.get("step") not in STEPS:
        new["step"] = next_step(whole)
    return new


def _question(
    arguments: AskArguments, session: Session, scope: Scope, now: datetime
) -> tuple[str, dict[str, Any]]:
    question = arguments.question
    if arguments.options:
        options = [{"id": n, "text": text} for n, text in enumerate(arguments.options, start=1)]
        return CHOICE, {"question": question, "options": options, "context": arguments.context or None}
    if arguments.info:
        return INFO, {
            "info_type": arguments.info,
            "prompt": question,
            "validation": arguments.validation or None,
        }
    data: dict[str, Any] = {"question": question}
    booking = states.get_in(session, scope, BOOKING, now)
    if booking is not None:
        known = {name: value for name, value in booking.data.items() if name != "step" and value}
        data["booking_details"] = known
    return CONFIRMATION, data


def _told(state: State) -> ToolResult:
    notice = question_notice(state)
    step = f", step {state.data['step']}" if state.type == BOOKING else ""
    details = ", ".join(f"{n} {state.data[n]}" for n in ("date", "time") if state.data.get(n))
    waits = " The next message is its answer." if is_pending(state) else ""
    text = f"Kept: {state.type}{step}{f' ({details})' if details else ''}.{waits}"
    return ToolResult(text, (dict(notice),) if notice is not None else ())
