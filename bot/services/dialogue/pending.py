"""Questions that wait for an answer: which states are one, and the buttons that answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.services.dialogue.states import State
from bot.services.dialogue.types import BOOKING, CHOICE, CONFIRMATION, INFO
from bot.services.dialogue.words import NO_WORD, YES_WORD

QUESTIONS = ("choice", "confirm")
"""Kinds of notices that are drawn as buttons."""

YES_BUTTON, NO_BUTTON = 1, 0

_COMPLETE = ("service", "date", "time")


def is_pending(state: State) -> bool:
    """Whether a state is a question; a booking is one once nothing but its confirmation is missing."""
    if state.type == BOOKING:
        return state.data.get("step") == "confirm" and all(state.data.get(field) for field in _COMPLETE)
    return state.type in (CONFIRMATION, CHOICE, INFO)


def open_questions(active: Sequence[State]) -> list[State]:
    """The questions that a next message may answer, in the order of the states.

    The confirmation that a complete booking stands for waits while something else is asked outright.
    """
    pending = [state for state in active if is_pending(state)]
    asked = [state for state in pending if state.type != BOOKING]
    return asked or pending


def button_text(state: State, number: int, language: str) -> str | None:
    """The words that a button stands for, as if they had been typed; None for a button that there is not.

    Options count from 0 as they stand; of a confirmation 1 is yes and 0 is no.
    """
    if state.type == CHOICE:
        options = state.data["options"]
        return str(options[number]["text"]) if 0 <= number < len(options) else None
    if number == NO_BUTTON:
        return NO_WORD.get(language, NO_WORD["en"])
    if number != YES_BUTTON or state.type == INFO:
        return None
    expected = state.data.get("expected_response")
    usual = YES_WORD.get(language, YES_WORD["en"])
    return str(expected[0]) if expected and usual not in expected else usual


def question_notice(state: State) -> Mapping[str, Any] | None:
    """The row by which a face draws the question's buttons; None where there are none."""
    if not is_pending(state) or state.type == INFO:
        return None
    if state.type == CHOICE:
        texts = [" ".join(str(option["text"]).split()) for option in state.data["options"]]
        return {"kind": "choice", "text": "\n".join(texts), "ids": [state.id, state.stamp]}
    return {"kind": "confirm", "text": "", "ids": [state.id, state.stamp]}
