"""Messages as the lines of a transcript, a chunk at a time, each chunk within its room in tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.context.history import LABEL_LENGTH, placeholder
from bot.context.inert import clean
from bot.context.inert import name as inert_name
from bot.context.summary_language import vote
from bot.core.ports import TokenCounter
from bot.db.repositories.summary_sources import File, Said

SHORT_LINE = 12
"""Tokens of a short line with its prefix: so many lines are read at a time as would fill a prompt."""

_BREAK = 1
"""Tokens of a line's end."""

_TAG = re.compile(r"<(\s*/?\s*(?:transcript|notes|summary)\s*/?\s*)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next lines that fit.

    They end with message `after`; of the one behind it, `offset` characters are told already. `count` are the
    messages told, `votes` their languages; `more` says that some of what was given did not fit.
    """

    lines: tuple[str, ...] = ()
    tokens: int = 0
    after: int = 0
    offset: int = 0
    count: int = 0
    votes: Mapping[str, int] = field(default_factory=dict)
    more: bool = False


def take(
    messages: Sequence[Said], room: int, after: int, offset: int, zone: ZoneInfo, tokens: TokenCounter
) -> Chunk:
    """As many of the messages (all behind `after`) as `room` holds; a line too long for any is divided."""
    lines: list[str] = []
    votes: Counter[str] = Counter()
    used = count = 0
    day = ""
    for message in messages:
        date = f"{message.sent_at.astimezone(zone):%Y-%m-%d}"
        head, words = _head(message, date if date != day else "", offset), flat(_words(message))
        rest = words[offset:]
        if rest:
            cost = tokens.count(head + rest) + _BREAK
            if used + cost > room:
                if lines:
                    break
                part = _that_fits(head, rest, room - _BREAK, tokens)
                lines.append(head + part)
                done = offset + len(part)
                return Chunk(tuple(lines), room, after, done, 1, dict(votes), more=True)
            lines.append(head + rest)
            used, day, count = used + cost, date, count + 1
            if not message.outgoing and (language := vote(message.text)):
                votes[language] += 1
        after, offset = message.id, 0
    else:
        return Chunk(tuple(lines), used, after, 0, count, dict(votes))
    return Chunk(tuple(lines), used, after, offset, count, dict(votes), more=True)


def _head(message: Said, date: str, offset: int) -> str:
    label = inert_name(message.label, LABEL_LENGTH) or "?"
    to = f" (reply to {_short(message.reply_to)})" if message.reply_to and not offset else ""
    again = " (goes on)" if offset else ""
    return f"{date + ' ' if date else ''}[{label}]{to}{again}: "


def _short(label: str) -> str:
    """A label without its id: the name alone says to whom."""
    return inert_name(label.partition(" (")[0], 64) or "?"


def _words(message: Said) -> str:
    parts = [_file(file) for file in message.files]
    if not message.files and message.content_type not in ("text", "other"):
        parts.append(placeholder(message.content_type))
    words = " ".join(filter(None, (*parts, message.text)))
    if words and message.forwarded_from:
        return f"(forwarded from: {inert_name(message.forwarded_from, LABEL_LENGTH)}) {words}"
    return words


def _file(file: File) -> str:
    shown = placeholder(file.kind, file.name)
    return f"{shown[:-1]}: {file.words}]" if file.words else shown


def flat(text: str) -> str:
    """The text on one line, so that it can forge no other line and end no marked block."""
    return _TAG.sub("‹\\1›", " ".join(clean(text).split()))


def _that_fits(head: str, text: str, room: int, tokens: TokenCounter) -> str:
    """The longest beginning of the text, about to a word's end, that fits behind its head; never nothing."""
    size = min(len(text), room * 8)
    while size > 1 and (cost := tokens.count(head + text[:size])) > room:
        size = max(1, min(size - 1, size * room // cost))
    space = text.rfind(" ", size // 2, size)
    return text[: space + 1] if space > 0 and size < len(text) else text[:size]
