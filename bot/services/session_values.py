"""What a session and its messages are to an application, and what it may write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.core.errors import Invalid
from bot.db.models import Conversation, Message
from bot.db.repositories.talk import HOUSE

MOST_CONTENT = 400_000
"""Characters of a message."""

MOST_METADATA = 16_384
"""Characters of metadata as JSON."""

MOST_MESSAGES = 500
"""Messages of one answer."""


class MessageType(StrEnum):
    """Who speaks: the person, the assistant, or the application itself."""

    USER = "user"
    AI = "ai"
    SYSTEM = "system"


DIRECTIONS = {MessageType.USER: "incoming", MessageType.AI: "outgoing", MessageType.SYSTEM: "system"}
_TYPES = {direction: type_ for type_, direction in DIRECTIONS.items()}


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A session; `source_id` is the id that an imported one had where it was exported."""

    id: str
    user_id: str
    title: str | None
    metadata: dict[str, Any]
    status: str
    message_count: int
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime | None
    source_id: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is neither archived nor deleted."""
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class SessionMessage:
    """A message of a session; ids are text, since they pass what JSON's numbers hold."""

    id: str
    session_id: str
    message_type: MessageType
    content: str
    response_to: str | None
    metadata: dict[str, Any]
    created_at: datetime
    content_type: str = "text"
    score: float | None = None
    """How well it fits, from 0 to 1, where it was searched for."""


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a model would need to go on: the summary of what is older, and the last messages."""

    session_id: str
    context_summary: str | None
    messages: tuple[SessionMessage, ...]


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to store; `ttl_seconds` after it is said it is never shown again."""

    message_type: MessageType | str
    content: str
    response_to: str | None = None
    metadata: Mapping[str, Any] | None = None
    ttl_seconds: int | None = None


def session_of(row: Conversation, user_id: str, title: str | None) -> ChatSession:
    """A row as applications see it."""
    return ChatSession(
        row.id, user_id, title, shown(row.meta), row.status, row.message_count, row.created_at,
        row.updated_at, row.last_message_at, row.meta.get(HOUSE, {}).get("source_id"),
    )  # fmt: skip


def message_of(row: Message, session_id: str, score: float | None = None) -> SessionMessage:
    """The same for a message."""
    reply = None if row.reply_to is None else str(row.reply_to)
    return SessionMessage(
        str(row.id), session_id, _TYPES[row.direction], row.content, reply, shown(row.meta), row.sent_at,
        row.content_type, score,
    )  # fmt: skip


def shown(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata without what is the house's own."""
    return {key: value for key, value in meta.items() if key != HOUSE}


def type_of(value: MessageType | str) -> MessageType:
    """Who speaks. Raises Invalid."""
    try:
        return MessageType(value)
    except ValueError:
        raise Invalid("message_type is user, ai or system", field="message_type") from None


def content_of(value: object) -> str:
    """A message's text. Raises Invalid for an empty one and one that is too long."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid("content is empty", field="content")
    if len(value) > MOST_CONTENT:
        raise Invalid("content is too long", field="content", limit=MOST_CONTENT)
    return value


def metadata_of(value: object) -> dict[str, Any]:
    """Metadata as it is stored. Raises Invalid for what is no JSON object, and for too much."""
    if value is None:
        return {}
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError):
        raise Invalid("metadata is not JSON", field="metadata") from None
    if not isinstance(value, Mapping) or size > MOST_METADATA:
        raise Invalid("metadata is no object or too large", field="metadata", limit=MOST_METADATA)
    return shown(value)


def id_of(value: str | int, field: str) -> int:
    """A message's id. Raises Invalid."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"{field} is no message id", field=field)
    return int(text)


def bounded(value: object, most: int, field: str, least: int = 1) -> int:
    """A number within its bounds. Raises Invalid."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Invalid(f"{field} is from {least} to {most}", field=field)
    return value


def z(moment: datetime | None) -> str | None:
    """A time as it goes out: UTC, ISO 8601 with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_of(value: object, field: str) -> datetime:
    """A time that came in; a naive one is UTC. Raises Invalid."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise Invalid(f"{field} is no ISO 8601 time", field=field) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
