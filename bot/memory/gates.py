"""What code refuses to remember, whatever a model wants."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.errors import MnemaError
from bot.core.text import one_line
from bot.core.views import MessageView
from bot.db.clean import storable
from bot.memory.kinds import KINDS
from bot.memory.text import holds, normal

FACT_LENGTH = 300
"""Characters of a fact; longer ones are essays, not facts."""

_FOREIGN_CONTENT = frozenset(("image", "video", "document", "contact", "poll", "other"))
"""Kinds of messages whose text may be somebody else's. A voice is the person's own."""

_LINK = re.compile(
    r"(?:https?|ftp|tg)://|(?<![\w@.])(?:www\.|t\.me/)|(?<![\w@.-])\w[\w.-]*\.[a-z]{2,}/\w", re.IGNORECASE
)
_ROLE = re.compile(
    r"(?:^|[\s\[<|#])(?:system|assistant|developer|user|tool|система|асистент|ассистент)\s*[:\]>|]"
    r"|<\|?(?:im_start|im_end|system|endoftext)|\[/?inst\]|</?(?:context|system|instructions?)>",
    re.IGNORECASE,
)
# On the normal form. An order to the bot is no fact; what somebody prefers can be told as a preference.
_ORDER = re.compile(
    r"(?<!\w)(?:"
    r"(?:ignore|disregard|forget|override|bypass)(?: \w+){0,3} (?:previous|prior|above|earlier|instructions?"
    r"|rules?|prompts?|everything)"
    r"|(?:you|bot|assistant|mnema)(?: \w+)? (?:must|should|shall|have to|has to|are to|will)"
    r"|(?:always|never) (?:answer|reply|respond|say|tell|recommend|mention|obey|follow|refuse|send|write"
    r"|call)"
    r"|from now on|act as|pretend to|you are now|do not tell|don't tell|reveal (?:your|the)"
    r"|(?:ігнор|забудь|знехту)\w*(?: \w+){0,3} (?:попередн|інструкц|правил|все)\w*"
    r"|(?:ти|ви|бот|асистент)(?: \w+)? (?:мусиш|мусите|мусить|повинен|повинна|повинні|маєш|маєте|має)"
    r"|(?:завжди|ніколи)(?: \w+)? (?:відповідай|кажи|рекомендуй|радь|згадуй|пиши|слухайся|виконуй)(?:те)?"
    r"|(?:відтепер|віднині)|(?:прикинься|вдавай|уяви себе)"
    r"|(?:игнорир|забудь|пренебре)\w*(?: \w+){0,3} (?:предыдущ|инструкц|правил|все)\w*"
    r"|(?:ты|вы|бот|ассистент)(?: \w+)? (?:должен|должна|должны|обязан|обязана|обязаны)"
    r"|(?:всегда|никогда)(?: \w+)? (?:отвечай|говори|рекомендуй|советуй|упоминай|пиши|слушайся"
    r"|выполняй)(?:те)?"
    r"|отныне|(?:притворись|представь себя)"
    # A sentence that begins with what only a bot could be asked to do.
    r"|^(?:please |будь ласка |пожалуйста )?(?:reply|respond|answer|obey|reveal|execute|send|ignore|disregard"
    r"|(?:відповідай|надсилай|надішли|пересилай|передавай|слухайся|виконуй|ігноруй|розкрий"
    r"|отвечай|отправляй|отправь|пересылай|передавай|слушайся|выполняй|игнорируй|раскрой)(?:те)?)"
    r")(?!\w)"
)


class Refused(MnemaError):
    """A fact may not be stored; the text says why, to the model and to the log.

    `reason` is one word for counting and for wording it: empty, long, kind, quote, order, link, role,
    foreign, nobody, full, replaced, known, paused, incognito, alias, outdated, other person, other.
    """

    user_key = "error.fact_refused"

    def __init__(self, log: str, reason: str = "other") -> None:
        super().__init__(log, reason=reason)
        self.reason = reason


def checked_fact(text: str) -> str:
    """The fact on one line. Raises Refused when it has no word, is too long, or is no statement of fact."""
    fact = one_line(storable(text), len(text) + 1)
    if not normal(fact):
        raise Refused("the fact is empty", "empty")
    if len(fact) > FACT_LENGTH:
        raise Refused(f"the fact is longer than {FACT_LENGTH} characters; say it shorter", "long")
    if _LINK.search(fact):
        raise Refused("links are not remembered; say the fact without it", "link")
    if _ROLE.search(fact):
        raise Refused("the fact speaks in the name of a role of the prompt", "role")
    if _ORDER.search(normal(fact)):
        raise Refused("an order is no fact; only what is so about the person is remembered", "order")
    return fact


def checked_kind(kind: str) -> str:
    """The kind. Raises Refused for one outside the closed list."""
    if kind not in KINDS:
        raise Refused(f"unknown kind; one of: {', '.join(KINDS)}", "kind")
    return kind


def foreign_part(messages: Sequence[MessageView]) -> str | None:
    """What a turn holds beside the person's own words, in words for the model; None for nothing.

    Such a turn writes no memory without its owner's button.
    """
    if any(message.forwarded_from is not None for message in messages):
        return "forwarded text"
    if any(message.content_type in _FOREIGN_CONTENT for message in messages):
        return "a file or a picture"
    if any(has_link(message.text) for message in messages):
        return "a link"
    return None


def has_link(text: str) -> bool:
    """Whether a text points to something outside."""
    return _LINK.search(text) is not None


def source_of(quote: str, messages: Sequence[MessageView], *, forwarded: bool = False) -> MessageView:
    """The message of the person that holds the quote word for word (case and punctuation aside).

    Only own words count: not the bot's, and forwarded ones only where `forwarded` says that the owner will be
    asked. Raises Refused.
    """
    words = normal(quote)
    if not words:
        raise Refused("the quote is empty; quote the person's own words", "quote")
    if _ROLE.search(quote):
        raise Refused("the quote speaks in the name of a role of the prompt", "role")
    for message in reversed(messages):
        if message.outgoing or (message.forwarded_from is not None and not forwarded):
            continue
        if holds(normal(message.text), words):
            return message
    raise Refused("the quote does not stand in what the person wrote; quote their own words exactly", "quote")
