"""A pressed button, and what its presser is told."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import InaccessibleMessage, Message

from bot.core.messages import ChatRef, Person
from bot.telegram.i18n import Translator
from bot.telegram.keyboards import Press


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser sees for a moment, or has to confirm when it is an alert."""

    text: str = ""
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that its owner made, with everything to act on it."""

    press: Press
    message: Message | InaccessibleMessage
    data: str
    chat: ChatRef
    person: Person
    t: Translator
