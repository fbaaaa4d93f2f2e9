"""An appointment, step by step: kept by the offered tools, led by what the prompt says is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.rehearsal import booking_words as words
from bot.playground.rehearsal.language import Language, detect
from bot.playground.rehearsal.prompt import Prompt

SAVE, ASK = "save_state", "ask_person"
TYPE = "booking_in_progress"
PHONE = r"^\+?[0-9]{10,15}$"
TIMES = ("10:00", "12:00", "15:00", "17:00")

Calls = tuple[tuple[str, dict[str, Any]], ...]

_UNFINISHED = re.compile(r"^unfinished booking \((?P<type>\w+)\), step (?P<step>\w+): (?P<rest>\{.*)$")
_STEP = re.compile(r"\bstep (?P<step>\w+)")
_REAL = re.compile(r"\b(?P<field>date|time) (?P<value>\d[\d:-]*)")
_DONE = re.compile(r"\W*(?:kept|saved|stored|updated|done|ok)\b", re.IGNORECASE)
_WHY = re.compile(r"nothing was booked: (?P<why>.*?)\. Ask")
_FIELD = {
    "select_service": "service",
    "select_master": "master",
    "select_date": "date",
    "select_time": "time",
}


@dataclass(frozen=True, slots=True)
class _Booking:
    """What the prompt and the tools of this turn say of it: its step and what is known."""

    step: str
    known: Mapping[str, str]


def respond(prompt: Prompt) -> tuple[str, Calls] | None:
    """Text or calls that go on with a booking; None where the message is about something else."""
    language = _language(prompt)
    if told := _settled(prompt, language):
        return told, ()
    booking = _standing(prompt)
    if SAVE not in prompt.tools or (booking is None and not words.wanted(prompt.text)):
        return None
    if prompt.called(SAVE) or prompt.called(ASK):
        return _after_calls(prompt, booking or _Booking("select_service", {}), language)
    if booking is None:
        service = words.service_in(prompt.text)
        return "", ((SAVE, {"type": TYPE, "data": {"service": service} if service else {}}),)
    if any(re.match(r'"[^"]+" is given', state) for state in prompt.states):
        return _ask(prompt, booking, language)
    value = words.answer_in(prompt.text, _FIELD.get(booking.step, "time"), strict=booking.step == "confirm")
    if value is None:
        if words.greeting(prompt.text):
            return f"{words.say(language, 'go_on')} {_question(booking, language)}", ()
        return None
    return "", ((SAVE, {"type": TYPE, "data": {_FIELD.get(booking.step, "time"): value}}),)


def _after_calls(prompt: Prompt, booking: _Booking, language: Language) -> tuple[str, Calls]:
    """The tools of this turn have answered: say what went wrong, or ask for what comes next."""
    name, _, result = prompt.results[-1]
    if not _DONE.match(result):
        return f"{words.say(language, 'unfit', why=_short(result))} {_question(booking, language)}", ()
    if name == SAVE and ASK in prompt.tools:
        return _ask(prompt, booking, language)
    return _question(booking, language), ()


def _ask(prompt: Prompt, booking: _Booking, language: Language) -> tuple[str, Calls]:
    """The next question, with buttons where the tool makes them."""
    question = _question(booking, language)
    if ASK not in prompt.tools:
        return question, ()
    if booking.step == "select_time":
        options = {"question": question, "options": list(TIMES), "context": "time_selection"}
        return "", ((ASK, options),)
    if booking.step == "confirm" and "phone" not in booking.known:
        return "", ((ASK, {"question": question, "info": "phone", "validation": PHONE}),)
    if booking.step == "confirm":
        return "", ((ASK, {"question": question}),)
    return question, ()


def _question(booking: _Booking, language: Language) -> str:
    if booking.step != "confirm":
        return words.say(language, booking.step)
    if "phone" not in booking.known:
        return words.say(language, "phone")
    order = ("service", "master", "date", "time", "phone")
    shown = ", ".join(booking.known[field] for field in order if field in booking.known)
    return words.say(language, "confirm", booking=shown)


def _settled(prompt: Prompt, language: Language) -> str | None:
    for state in prompt.states:
        if state.startswith("the booking is stored now"):
            return words.say(language, "booked")
        if "the person said no to" in state:
            return words.say(language, "dropped")
        if found := _WHY.search(state):
            return words.say(language, "unfit", why=found["why"])
    return None


def _standing(prompt: Prompt) -> _Booking | None:
    """The booking as the prompt has it, brought to the present by what was kept in this turn."""
    booking = next((found for state in prompt.states if (found := _read(state))), None)
    for name, arguments, result in prompt.results:
        if name != SAVE or not _DONE.match(result):
            continue
        known = dict(booking.known) if booking is not None else {}
        known |= {key: str(value) for key, value in (arguments.get("data") or {}).items() if value}
        known |= {found["field"]: found["value"] for found in _REAL.finditer(result)}
        step = _STEP.search(result)
        booking = _Booking(step["step"] if step else "select_service", known)
    return booking


def _read(state: str) -> _Booking | None:
    found = _UNFINISHED.match(state)
    if found is None:
        return None
    try:
        data, _ = json.JSONDecoder().raw_decode(found["rest"])
    except ValueError:
        data = {}
    return _Booking(found["step"], {key: value for key, value in data.items() if isinstance(value, str)})


def _language(prompt: Prompt) -> Language:
    """That of the talk: an answer may be but a name or a number."""
    said = [line.text for line in prompt.history if not line.mine][-8:]
    return detect("\n".join([*said, prompt.text]), prompt.system)


def _short(text: str) -> str:
    return " ".join(text.split()).removeprefix("Not done: ")[:200]
