"""What comes in from a chat and what goes out to it, whatever the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ChatType = Literal["private", "group", "supergroup", "channel", "api"]
ContentType = Literal[
    "text", "image", "voice", "video", "document", "sticker", "location", "contact", "poll", "other"
]
Address = Literal["private", "mention", "reply", "name", "command"]
"""Why the bot is meant by a message; a message without one is only recorded."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a platform; `external_id` is that platform's id as text."""

    external_id: str
    first_name: str = ""
    last_name: str = ""
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    platform: str = "tg"

    @property
    def full_name(self) -> str:
        """First and last name, or the username, or the id: never empty."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.username or self.external_id


@dataclass(frozen=True, slots=True)
class ChatRef:
    """A chat on a platform, with the topic where it has topics."""

    external_id: str
    type: ChatType
    title: str | None = None
    username: str | None = None
    topic_id: int | None = None
    topic_title: str | None = None
    platform: str = "tg"

    @property
    def private(self) -> bool:
        """Whether only one person reads along."""
        return self.type in ("private", "api")


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A file that stands at the platform, known by its id there; size in bytes."""

    kind: ContentType
    file_id: str
    unique_id: str = ""
    mime: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it was received. `key` is its dedup key; `sent_at` is aware UTC.

    `sender_title` names an anonymous admin or a channel when there is no person behind it.
    `forwarded_from` and `quote` mark text that is not the sender's own.
    """

    key: str
    chat: ChatRef
    external_id: str
    sent_at: datetime
    sender: Person | None = None
    sender_title: str | None = None
    text: str = ""
    content_type: ContentType = "text"
    attachments: tuple[AttachmentRef, ...] = ()
    reply_to_external_id: str | None = None
    reply_to_text: str | None = None
    reply_to_sender: str | None = None
    quote: str | None = None
    forwarded_from: str | None = None
    media_group_id: str | None = None
    has_links: bool = False
    via_command: str | None = None
    addressed: Address | None = None
    speaker_id: str | None = None
    """The platform's id of the chat that speaks, where `sender_title` stands for a person."""
    model: str | None = None
    """The model that shall answer, where the asker chose one of those that are offered."""
    lane: str | None = None
    """The intake lane that the message came by: what waits in it came right behind this message."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line written by code after rows exist, such as "remembered: …", with an undo for each memory id.

    A face words it by `kind` in the person's language; `text` is the person's part of it, or for "lacks" what
    the model cannot do: "images" or "tools". "choice" and "confirm" are no lines but buttons of a question: a
    choice's options stand in `text`, one a line, and `memory_ids` are the dialogue state's id and stamp.
    """

    kind: Literal["remembered", "refused", "updated", "proposed", "lacks", "booked", "choice", "confirm"]
    text: str
    memory_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The finished answer of a turn as a face shows it.

    `text` is Markdown as the model wrote it. `failed` marks an apology with a Retry button;
    `stopped` marks an answer that its asker halted, `cut` one that ended before its end.
    """

    text: str
    notices: tuple[Notice, ...] = ()
    failed: bool = False
    stopped: bool = False
    cut: bool = False
    error_key: str | None = None
    """A failed reply has no text; the face words this message id in the person's language."""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TurnRef:
    """Where a turn's answer goes: enough for a face to open its sink after a restart."""

    turn_id: int
    channel: str
    chat: ChatRef
    asker: Person
    language: str
    reply_to_external_id: str | None = None
    delivered: tuple[str, ...] = field(default=())
    """External ids of messages that already carry (a part of) the answer, first part first."""
