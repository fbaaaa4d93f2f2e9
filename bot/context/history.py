"""The layer of history: role messages, with one labelled line for each message of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.context.inert import name as inert_name
from bot.context.inert import quoted, spoken, without_middle
from bot.core.llm import Message
from bot.core.ports import TokenCounter
from bot.core.views import MessageView

LABEL_LENGTH = 200
"""Characters of a prefix: a name, a username and an id fit well within."""

_LINE_FRAME = 5
"""Tokens of a line's brackets, colon and break, or of a message's own framing."""

_PLACEHOLDERS = {
    "image": "photo", "voice": "voice message", "video": "video", "document": "document",
    "sticker": "sticker", "location": "location", "contact": "contact", "poll": "poll",
}  # fmt: skip

Marks = Mapping[tuple[int, int], str]
"""What stands for an attachment that is shown or cannot be: by message id and the attachment's place."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the history as the prompt will hold it; `bot` is the bot's own."""

    id: int
    bot: bool
    text: str
    tokens: int


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


def body(message: MessageView, text: str, marks: Marks | None = None) -> str:
    """The message's words with its forward mark and the placeholders of its files."""
    parts = [f"(forwarded from: {_label(message.forwarded_from)})"] if message.forwarded_from else []
    for place, attachment in enumerate(message.attachments):
        known = (marks or {}).get((message.id, place))
        parts.append(known or placeholder(attachment.kind, attachment.name))
    if not message.attachments and message.content_type != "text":
        parts.append(placeholder(message.content_type))
    return " ".join(filter(None, (*parts, text)))


def labelled(message: MessageView, text: str, marks: Marks | None = None) -> str:
    """A person's message as one line of the history (its own line breaks follow it)."""
    return f"{prefix(message)}{reply_mark(message)}: {body(message, text, marks)}"


def lines(messages: Sequence[MessageView], cap: int, tokens: TokenCounter) -> list[Line]:
    """The messages as lines, by their stored token counts; one over `cap` tokens loses its middle."""
    labels: dict[str, int] = {}
    found: list[Line] = []
    for message in messages:
        text, cost = message.text, message.token_count
        if text and cost <= 0:
            cost = tokens.count(text)
        if cost > cap:
            text, cost = without_middle(text, cost, cap), cap
        cost += _LINE_FRAME + _extra(message, tokens)
        if message.outgoing:
            found.append(Line(message.id, True, body(message, _own(text)), cost))
            continue
        if message.label not in labels:
            labels[message.label] = tokens.count(prefix(message))
        found.append(Line(message.id, False, labelled(message, spoken(text)), cost + labels[message.label]))
    return [item for item in found if item.text.strip()]


def recounted(found: Sequence[Line], tokens: TokenCounter) -> list[Line]:
    """The same lines with tokens counted now, for when stored counts proved too low."""
    return [Line(item.id, item.bot, item.text, tokens.count(item.text) + _LINE_FRAME) for item in found]


def as_messages(kept: Sequence[Line], bot_name: str) -> list[Message]:
    """Role messages that alternate and begin with a user's, as the strictest chat templates want it.

    Where the window begins with the bot's words, they stand as a labelled line.
    """
    messages: list[Message] = []
    for item in kept:
        role, text = ("assistant", item.text) if item.bot else ("user", item.text)
        if item.bot and not messages:
            role, text = "user", f"[{inert_name(bot_name)}]: {spoken(item.text)}"
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += ("\n" if role == "user" else "\n\n") + text
        else:
            messages.append({"role": role, "content": text})
    return messages


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
    marks = reply_mark(message) + (body(message, "") if _marked(message) else "")
    return tokens.count(marks) if marks else 0


def _marked(message: MessageView) -> bool:
    return bool(message.attachments or message.forwarded_from or message.content_type != "text")


def _own(text: str) -> str:
    """The bot's own words: only what no encoder can carry is taken out."""
    return text.encode("utf-8", "ignore").decode()


@lru_cache(maxsize=2048)
def _label(name: str) -> str:
    return inert_name(name, LABEL_LENGTH)
