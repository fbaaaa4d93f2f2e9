"""Titles of conversations: the one that somebody gave, else the first words that say what it is about.

The latter are read anew each time, so nothing of a message outlives it in a title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.text import one_line
from bot.db.models import Conversation
from bot.db.repositories import conversations

LONGEST = 255
"""Characters of a given title."""

_MADE = 60
_TELLING = 3
"""Words from which a first message says more than a greeting."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s")


def given(title: str | None) -> str | None:
    """A title as it is stored: one line, None when nothing is left of it."""
    return one_line(title, LONGEST) or None if title is not None else None


def made(first_words: Sequence[str]) -> str | None:
    """A title out of what people said first; commands and bare greetings tell little."""
    lines = [one_line(text, len(text) + 1) for text in first_words]
    spoken = [line for line in lines if line and not line.startswith("/")]
    telling = [line for line in spoken if len(line.split()) >= _TELLING]
    for line in (*telling, *spoken):
        sentence = _SENTENCE.split(line)[0]
        whole = sentence if len(sentence.split()) >= _TELLING else line
        return one_line(whole, _MADE).rstrip(".!,;: ")
    return None


def titles_of(session: Session, rows: Sequence[Conversation], now: datetime) -> dict[int, str | None]:
    """The titles of conversations by their numbers; None where nothing was said yet."""
    untitled = [row.no for row in rows if not row.title]
    first = conversations.beginnings(session, untitled, now)
    return {row.no: row.title or made(first.get(row.no, ())) for row in rows}
