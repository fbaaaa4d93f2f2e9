"""What a reply knew, as plain values for those who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.llm import Message


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was said: when, with the words, and the platform's address of the message."""

    message_id: int
    said_at: datetime
    link: str | None


@dataclass(frozen=True, slots=True)
class FactUsed:
    """A fact about the asker that stood in the prompt. Texts are None where they are hidden."""

    id: int
    kind: str
    said_at: datetime
    text: str | None
    quote: str | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class MessageUsed:
    """An earlier message that was brought in by `layer`: recall, replied, important."""

    id: int
    layer: str
    sent_at: datetime
    speaker: str | None
    text: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class HistoryUsed:
    """The window of the conversation: how many messages, and when the first of them was sent."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class KnowledgeUsed:
    """A passage of a document."""

    chunk_id: int
    document_id: int
    title: str | None
    page: int | None
    heading: str | None


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool call with the first line of its result."""

    name: str
    failed: bool
    result: str | None


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What all model calls of the turn used; `cost` in dollars, None where a price is unknown."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ReplyTrace:
    """What one reply knew. `hidden` counts facts that stood in the prompt and may not be shown (any more).

    `layers` are the rows of the trace: name, tokens, allowed, kept, dropped, reason. `prompt` is the one that
    was sent, while it is kept and where it may be shown. `seconds` is None while the turn is not finished,
    `zone` the viewer's time zone. `own` tells that the asker looks, `revealed` that an operator asked to see
    texts.
    """

    turn_id: int
    message_id: int | None
    conversation_id: str
    asked_at: datetime
    seconds: float | None
    model: str | None
    layers: Sequence[Mapping[str, Any]]
    facts: Sequence[FactUsed] = ()
    hidden: int = 0
    messages: Sequence[MessageUsed] = ()
    history: HistoryUsed = HistoryUsed(0, None)
    summaries: Sequence[str] = ()
    knowledge: Sequence[KnowledgeUsed] = ()
    tools: Sequence[ToolUsed] = ()
    usage: UsageSum | None = None
    prompt: Sequence[Message] | None = None
    prompt_kept: bool = False
    zone: str = "UTC"
    own: bool = False
    revealed: bool = False
