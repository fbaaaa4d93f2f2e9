"""What a turn needs to know, read in one hop: plain values, no rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.messages import AttachmentRef, ChatRef, Person
from bot.core.scope import Scope


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot as people see it; `external_id` is its id at the platform."""

    name: str
    username: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A stored message. `label` is the inside of its bracket prefix, e.g. "Ann (@ann, id:123)".

    `reply_quote` is what it replies to (the quote, or the beginning of that message).
    """

    id: int
    outgoing: bool
    label: str
    text: str
    sent_at: datetime
    content_type: str = "text"
    token_count: int = 0
    reply_to: int | None = None
    reply_quote: str | None = None
    forwarded_from: str | None = None
    edited: bool = False
    importance: float | None = None
    attachments: tuple[AttachmentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class FactView:
    """A valid fact about the asker that may be shown in this scope."""

    id: int
    text: str
    kind: str
    said_at: datetime
    priority: int = 5
    pinned: bool = False
    message_id: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class SummaryView:
    """The summary of the last days; `kind` is "recent" (7 days) or "long" (30 days)."""

    kind: str
    text: str
    token_count: int
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A person's preferences; None where they said nothing."""

    language: str | None = None
    timezone: str | None = None
    pronouns: str | None = None
    communication_style: str | None = None
    response_length: str | None = None
    relevance_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """How a chat wants the bot to be: by a prompt file of its choice, or by its admin's own words."""

    file: str | None = None
    words: str | None = None

    @classmethod
    def stored(cls, value: Any) -> Persona | None:
        """The persona in a chat's settings; None where it holds none."""
        found = cls(value.get("file"), value.get("text")) if isinstance(value, dict) else cls()
        return found if found.file or found.words else None


@dataclass(frozen=True, slots=True)
class TurnView:
    """Everything that the context of one turn is made of, under one scope.

    `current` are the messages to be answered (several for an album or a burst), empty when a context is
    built for inspection only. `history` holds what stands before them, oldest first; `important` the messages
    before all of it that matter most, oldest first. `rules` are the owner's for this chat, `notes` what is
    kept about this conversation, both the most important first.
    """

    scope: Scope
    chat: ChatRef
    asker: Person
    conversation_no: int
    conversation_id: str
    language: str
    member_count: int | None = None
    turn_id: int | None = None
    profile: ProfileView = field(default_factory=ProfileView)
    persona: Persona | None = None
    context_summary: str | None = None
    current: tuple[MessageView, ...] = ()
    replied: MessageView | None = None
    history: tuple[MessageView, ...] = ()
    important: tuple[MessageView, ...] = ()
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    facts: tuple[FactView, ...] = ()
    summaries: tuple[SummaryView, ...] = ()
