"""The layer of history: role messages, with one labelled line for each message of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.context.dates import day
from bot.context.inert import name as inert_name
from bot.context.inert import quoted, spoken, without_middle
from bot.core.ids import seq_of
from bot.core.llm import Message
from bot.core.ports import TokenCounter
from bot.core.views import MessageView

LABEL_LENGTH = 200
"""Characters of a prefix: a name, a username and an id fit well within."""

_LINE_FRAME = 5
"""Tokens of a line's brackets, colon and break, or of a message's own framing."""

MARK_TOKENS = 18
"""Tokens of the longest mark of a day: it has some forty characters, a third of them digits."""

_PLACEHOLDERS = {
    "image": "photo", "voice": "voice message", "video": "video", "document": "document",
    "sticker": "sticker", "location": "location", "contact": "contact", "poll": "poll",
}  # fmt: skip

Marks = Mapping[tuple[int, int], str]
"""What stands for an attachment that is shown or cannot be: by message id and the attachment's place."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the history as the prompt will hold it; `bot` is the bot's own.

    `day` is when it was said; `begins` whether the message before it was said on another one, so that the
    day is marked, which `tokens` counts.
    """

    id: int
    bot: bool
    text: str
    tokens: int
    day: str = ""
    begins: bool = False


def placeholder(kind: str, name: str | None = None) -> str:
    """What stands for a file, e.g. "[photo]" or "[document: menu.pdf]"."""
    word = _PLACEHOLDERS.get(kind, "attachment")
    named = inert_name(name, 80) if name else ""
    return f"[{word}: {named}]" if named else f"[{word}]"


def prefix(message: MessageView) -> str:
    """The bracket prefix of a person's message."""
    return f"[{_label(message.label)}]"


def reply_mark(message: MessageView) -> str:
    """The mark of a reply, with its leading space; empty where the message replies to nothing."""
    return f' (reply to: "{quoted(message.reply_quote)}")' if message.reply_quote else ""


def body(message: MessageView, text: str, marks: Marks | None = None, *, past: bool = False) -> str:
    """The message's words with its forward mark and the placeholders of its files.

    One of the `past` says whether it was edited since; of what is said now only the last word counts.
    """
    parts = ["(edited)"] if past and message.edited and not message.outgoing else []
    if message.forwarded_from:
        parts.append(f"(forwarded from: {_label(message.forwarded_from)})")
    for place, attachment in enumerate(message.attachments):
        known = (marks or {}).get((message.id, place))
        parts.append(known or placeholder(attachment.kind, attachment.name))
    if not message.attachments and message.content_type != "text":
        parts.append(placeholder(message.content_type))
    return " ".join(filter(None, (*parts, text)))


def labelled(message: MessageView, text: str, marks: Marks | None = None, *, past: bool = False) -> str:
    """A person's message as one line of the history (its own line breaks follow it)."""
    return f"{prefix(message)}{reply_mark(message)}: {body(message, text, marks, past=past)}"


def lines(messages: Sequence[MessageView], cap: int, tokens: TokenCounter, zone: ZoneInfo) -> list[Line]:
    """The messages as lines, by their stored token counts; one over `cap` tokens loses its middle."""
    labels: dict[str, int] = {}
    found: list[Line] = []
    for message in messages:
        text, cost, said = message.text, message.token_count, day(message.sent_at, zone)
        begins = bool(found) and found[-1].day != said
        if text and cost <= 0:
            cost = tokens.count(text)
        if cost > cap:
            text, cost = without_middle(text, cost, cap), cap
        cost += _LINE_FRAME + _extra(message, tokens) + MARK_TOKENS * begins
        if message.outgoing:
            line = Line(message.id, True, body(message, _own(text)), cost, said, begins)
        else:
            if message.label not in labels:
                labels[message.label] = tokens.count(prefix(message))
            text = labelled(message, spoken(text), past=True)
            line = Line(message.id, False, text, cost + labels[message.label], said, begins)
        if line.text.strip():
            found.append(line)
    return found


def recounted(found: Sequence[Line], tokens: TokenCounter) -> list[Line]:
    """The same lines with tokens counted now, for when stored counts proved too low."""
    return [
        replace(item, tokens=tokens.count(item.text) + _LINE_FRAME + MARK_TOKENS * item.begins)
        for item in found
    ]


def as_messages(kept: Sequence[Line], bot_name: str, earlier: Sequence[Line] = ()) -> list[Message]:
    """Role messages that alternate and begin with a user's, as the strictest chat templates want it.

    The window `kept` stands after the `earlier` messages that matter. A line marks each day that begins, and
    the window's first day unless the conversation itself begins there. The bot's words are labelled lines
    where no role message can hold them: among the earlier ones, and at the very beginning.
    """
    messages: list[Message] = []
    said = ""
    for item in earlier:
        if item.day != said:
            _add(messages, "user", _mark(item.day if said else f"{item.day}, only what was important"))
        _add(messages, "user", _attributed(item, bot_name))
        said = item.day
    if kept and earlier:
        _add(messages, "user", _mark(f"{kept[0].day}, all messages from here"))
    elif kept and seq_of(kept[0].id) > 1:
        _add(messages, "user", _mark(kept[0].day))
    for number, item in enumerate(kept):
        if number and item.begins:
            _add(messages, "user", _mark(item.day))
        if item.bot and (number or messages):
            _add(messages, "assistant", item.text)
        else:
            _add(messages, "user", _attributed(item, bot_name))
    return messages


def _add(messages: list[Message], role: str, text: str) -> None:
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += ("\n" if role == "user" else "\n\n") + text
    else:
        messages.append({"role": role, "content": text})


def _attributed(item: Line, bot_name: str) -> str:
    """The line as text of a user's message, where also the bot's words need their label."""
    return f"[{inert_name(bot_name)}]: {spoken(item.text)}" if item.bot else item.text


def _mark(text: str) -> str:
    return f"--- {text} ---"


def strip_echo(text: str, labels: Sequence[str]) -> str:
    """A model's answer without the prefix of a history line that it copied, such as `[Mnema]: `."""
    names = "|".join(re.escape(inert_name(name, LABEL_LENGTH)) for name in labels if name.strip())
    if not names or "[" not in text[:64]:
        return text
    echo = re.compile(
        rf"\s*\[\s*(?:{names})\s*(?:\([^\]\n]{{0,120}}\)\s*)?\](?: ?\(reply to: [^\n]{{0,200}}?\))?:[ \t]*",
        re.IGNORECASE,
    )
    while found := echo.match(text):
        text = text[found.end() :]
    return text


def _extra(message: MessageView, tokens: TokenCounter) -> int:
    """Tokens of marks and placeholders, which the stored count does not hold."""
    marks = reply_mark(message) + (body(message, "", past=True) if _marked(message) else "")
    return tokens.count(marks) if marks else 0


def _marked(message: MessageView) -> bool:
    return bool(
        message.attachments or message.forwarded_from or message.edited or message.content_type != "text"
    )


def _own(text: str) -> str:
    """The bot's own words: only what no encoder can carry is taken out."""
    return text.encode("utf-8", "ignore").decode()


@lru_cache(maxsize=2048)
def _label(name: str) -> str:
    return inert_name(name, LABEL_LENGTH)
