"""What code refuses to remember, whatever a model wants."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.errors import MnemaError
from bot.core.text import one_line
from bot.core.views import MessageView
from bot.db.clean import storable
from bot.memory.kinds import KINDS
from bot.memory.text import holds, normal

FACT_LENGTH = 300
"""Characters of a fact; longer ones are essays, not facts."""


class Refused(MnemaError):
    """A fact may not be stored; the text says why, to the model and to the log."""

    user_key = "error.fact_refused"


def checked_fact(text: str) -> str:
    """The fact on one line. Raises Refused when it has no word or is too long."""
    fact = one_line(storable(text), len(text) + 1)
    if not normal(fact):
        raise Refused("the fact is empty")
    if len(fact) > FACT_LENGTH:
        raise Refused(f"the fact is longer than {FACT_LENGTH} characters; say it shorter")
    return fact


def checked_kind(kind: str) -> str:
    """The kind. Raises Refused for one outside the closed list."""
    if kind not in KINDS:
        raise Refused(f"unknown kind; one of: {', '.join(KINDS)}")
    return kind


def own_words_only(messages: Sequence[MessageView]) -> None:
    """Raises Refused when forwarded text takes part: nobody else's words may write a memory."""
    if any(message.forwarded_from is not None for message in messages):
        raise Refused("the message holds forwarded text; only the person's own words are remembered")


def source_of(quote: str, messages: Sequence[MessageView]) -> MessageView:
    """The message of the person that holds the quote word for word (case and punctuation aside).

    Only own words count: not the bot's, not forwarded ones. Raises Refused.
    """
    words = normal(quote)
    if not words:
        raise Refused("the quote is empty; quote the person's own words")
    for message in reversed(messages):
        if message.outgoing or message.forwarded_from is not None:
            continue
        if holds(normal(message.text), words):
            return message
    raise Refused("the quote does not stand in what the person wrote; quote their own words exactly")
