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
"""Words that tell more than one or two."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s")
_MARKS = re.compile(r"^[^\w«\"„“(\[¿¡]+")
"""Emoji, dashes and the like at a beginning."""

_STOP = r"(?=[\s,.!?…:;)]|$)"
_END = r"\s*(?:[,.!?…:;)]+\s*|$)"

_GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|greetings|good\s+(?:morning|afternoon|evening|day))(?!\s+world)(?:\s+there)?"
    r"|привіт(?:ик|ання)?|вітаю|вітання|добрий\s+(?:день|вечір|ранок)|добридень|добривечір"
    r"|доброго\s+(?:дня|ранку|вечора|вечера|утра|времени\s+суток|здоров.?я)|здоровенькі\s+були"
    r"|привет(?:ик|ствую)?|зд?равствуй(?:те)?|здрастуй(?:те)?|добрый\s+(?:день|вечер)|доброе\s+утро|салют",
    re.IGNORECASE,
)
_OPENINGS = (
    # "Hello, Ann!" is a greeting as a whole; of "Hello, tell me …" only the first word is.
    re.compile(
        rf"^(?:{_GREETING.pattern}){_STOP}(?:(?:[\s,]+[\w’'-]+){{0,2}}\s*[.!…)]+\s*|(?:[\s,]+[\w’'-]+)?\s*$)",
        re.IGNORECASE,
    ),
    re.compile(rf"^(?:{_GREETING.pattern}){_STOP}[\s,.!?…:;)]*", re.IGNORECASE),
    re.compile(
        r"^(?:how\s+are\s+you(?:\s+(?:doing|today))*|how.?s\s+it\s+going|what.?s\s+up"
        r"|як\s+(?:справи|ти|ви|ся\s+маєш|життя|ваші\s+справи|твої\s+справи)"
        rf"|как\s+(?:дела|ты|вы|жизнь|поживаешь|поживаете|твои\s+дела|ваши\s+дела)){_END}",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:ok|okay|yes|no|thanks|thank\s+you|please|test|так|ні|добре|дякую|будь\s+ласка|тест|ок"
        rf"|да|нет|хорошо|спасибо|пожалуйста){_END}",
        re.IGNORECASE,
    ),
    # What a bot says back to a greeting.
    re.compile(
        r"^(?:how|what)\s+can\s+i\s+(?:help|do)\b[^?]*\?|^чим\s+(?:я\s+)?можу\b[^?]*\?|^чем\s+(?:я\s+)?могу\b[^?]*\?"
        r"|^(?:nice|glad)\s+to\s+(?:meet|see)\s+you\b[^.!]*[.!]",
        re.IGNORECASE,
    ),
)


def given(title: str | None) -> str | None:
    """A title as it is stored: one line, None when nothing is left of it."""
    return one_line(title, LONGEST) or None if title is not None else None


def made(said: Sequence[str], answered: Sequence[str] = ()) -> str | None:
    """A title out of what people said first, or where they only greeted, of what the bot answered.

    None where nobody said anything but commands and greetings.
    """
    for texts in (said, answered):
        lines = [_telling(one_line(text, len(text) + 1)) for text in texts]
        told = [line for line in lines if line]
        for line in (*(line for line in told if len(line.split()) >= _TELLING), *told):
            sentence = _SENTENCE.split(line)[0]
            whole = sentence if len(sentence.split()) >= _TELLING else line
            return one_line(whole, _MADE).rstrip(".!,;: ")
    return None


def _telling(line: str) -> str:
    """The line without its greetings; empty for a command."""
    if line.startswith("/"):
        return ""
    rest = line
    while (shorter := _without_opening(rest)) != rest:
        rest = shorter
    return rest if rest == line else rest[:1].upper() + rest[1:]


def _without_opening(text: str) -> str:
    text = _MARKS.sub("", text)
    for opening in _OPENINGS:
        text = opening.sub("", text, count=1)
    return text.strip()


def titles_of(session: Session, rows: Sequence[Conversation], now: datetime) -> dict[int, str | None]:
    """The titles of conversations by their numbers; None where nothing telling was said yet."""
    untitled = [row.no for row in rows if not row.title]
    first = conversations.beginnings(session, untitled, now)
    return {row.no: row.title or made(*first.get(row.no, ((), ()))) for row in rows}
