"""The types of dialogue states: how long they last, and what the known ones must hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.core.errors import Invalid
from bot.db.clean import storable
from bot.services.dialogue.patterns import check_pattern

BOOKING = "booking_in_progress"
CONFIRMATION = "awaiting_confirmation"
CHOICE = "awaiting_choice"
INFO = "waiting_for_info"

MINUTES: Mapping[str, int] = {BOOKING: 30, CONFIRMATION: 15, CHOICE: 15, INFO: 30}
DEFAULT_MINUTES = 30
MOST_MINUTES = 43_200

STEPS = ("select_service", "select_master", "select_date", "select_time", "confirm", "completed")
"""The steps of a booking: each names what is still to be chosen."""

FIELDS = ("service", "master", "date", "time", "phone")
"""What a booking is made of."""

MOST_BYTES = 16_384
"""Bytes of a state's data as JSON."""

MOST_DEPTH = 8
MOST_STATES = 32
"""Active states of a person in one chat."""

_TYPE_LENGTH = 64
_TEXT_LENGTH = 1000
_MOST_OPTIONS = 20


class BadState(Invalid, ValueError):
    """A dialogue state that cannot be kept; `params["field"]` names what does not fit."""

    def __init__(self, log: str, field: str) -> None:
        super().__init__(log, field=field)


def minutes_of(type_: str, minutes: Any) -> int:
    """How long a state lasts. Raises BadState outside 1 to 43200."""
    if minutes is None:
        return MINUTES.get(type_, DEFAULT_MINUTES)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= MOST_MINUTES:
        raise BadState(f"a state lasts 1 to {MOST_MINUTES} minutes", "expires_in_minutes")
    return int(minutes)


def checked_type(type_: Any) -> str:
    """The type's name. Raises BadState for an empty, long or unwritable one."""
    if not isinstance(type_, str) or not type_.strip() or len(type_) > _TYPE_LENGTH:
        raise BadState(f"a type is a name of 1 to {_TYPE_LENGTH} characters", "context_type")
    if storable(type_) != type_ or not type_.isprintable():
        raise BadState("a type's name has no control characters", "context_type")
    return str(type_)


def checked(type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a state, fit to be stored. Raises BadState."""
    if not isinstance(data, Mapping):
        raise BadState("the data of a state is an object", "context_data")
    found = _plain(data)
    rule = _RULES.get(checked_type(type_))
    if rule is not None:
        rule(found)
    return found


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as JSON would give it back, small and shallow enough."""
    if _depth(data) > MOST_DEPTH:
        raise BadState(f"the data is nested deeper than {MOST_DEPTH} levels", "context_data")
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadState(f"the data is no JSON: {error}", "context_data") from None
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadState(f"the data is larger than {MOST_BYTES} bytes", "context_data")
    found: dict[str, Any] = json.loads(text)
    return found


def _depth(value: Any) -> int:
    level, deepest = [value], 0
    while level and deepest <= MOST_DEPTH:
        deepest += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, Mapping | list | tuple)
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
    return deepest


def _booking(data: dict[str, Any]) -> None:
    if data.get("step") not in STEPS:
        raise BadState(f"step is one of {', '.join(STEPS)}", "step")
    for field in FIELDS:
        if not isinstance(data.get(field), str | None):
            raise BadState(f"{field} is text or null", field)


def _confirmation(data: dict[str, Any]) -> None:
    _text(data, "question")
    details = data.get("booking_details")
    if details is not None and not isinstance(details, dict):
        raise BadState("booking_details is an object", "booking_details")
    words = data.get("expected_response")
    if words is not None and not (
        isinstance(words, list) and words and all(isinstance(word, str) and word.strip() for word in words)
    ):
        raise BadState("expected_response is a list of words", "expected_response")


def _choice(data: dict[str, Any]) -> None:
    _text(data, "question")
    options = data.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= _MOST_OPTIONS:
        raise BadState(f"options is a list of 1 to {_MOST_OPTIONS}", "options")
    for option in options:
        if not isinstance(option, dict) or not isinstance(option.get("id"), int | str):
            raise BadState("an option has an id and a text", "options")
        if not isinstance(option.get("text"), str) or not option["text"].strip():
            raise BadState("an option has an id and a text", "options")
    for part in ("id", "text"):
        if len({str(option[part]).strip().casefold() for option in options}) < len(options):
            raise BadState(f"two options have the same {part}", "options")


def _info(data: dict[str, Any]) -> None:
    _text(data, "info_type")
    _text(data, "prompt")
    pattern = data.get("validation")
    if pattern is None:
        return
    fault = check_pattern(pattern) if isinstance(pattern, str) else "it is no text"
    if fault is not None:
        raise BadState(f"validation is no pattern that can be run: {fault}", "validation")


def _text(data: Mapping[str, Any], field: str) -> None:
    value = data.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > _TEXT_LENGTH:
        raise BadState(f"{field} is a text of 1 to {_TEXT_LENGTH} characters", field)


_RULES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    BOOKING: _booking,
    CONFIRMATION: _confirmation,
    CHOICE: _choice,
    INFO: _info,
}
