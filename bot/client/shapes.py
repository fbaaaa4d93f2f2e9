"""What the client's methods return: plain dictionaries, with their keys known to type checkers."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

MessageType = Literal["user", "ai", "system"]


class Session(TypedDict):
    """A session; times are UTC, ISO 8601 with Z."""

    id: str
    user_id: str
    title: str | None
    metadata: dict[str, Any]
    status: Literal["active", "archived"]
    is_active: bool
    message_count: int
    created_at: str
    updated_at: str
    last_message_at: str | None
    source_id: str | None


class ImportedSession(Session):
    """A session made of an export; `created` is False where the same export had made it before."""

    created: bool


class Message(TypedDict):
    """A message of a session; `score` from 0 to 1 where it was searched for."""

    id: str
    session_id: str
    message_type: MessageType
    content: str
    content_type: str
    response_to: str | None
    metadata: dict[str, Any]
    created_at: str
    score: float | None


class Context(TypedDict):
    """What a model would need to go on."""

    session_id: str
    context_summary: str | None
    messages: list[Message]


class Export(TypedDict):
    """A session as one document."""

    format: str
    exported_at: str
    session: dict[str, Any]
    messages: list[dict[str, Any]]


class Statistics(TypedDict):
    """The numbers of what the key reaches."""

    total_sessions: int
    active_sessions: int
    total_messages: int
    cache_size: int


class Health(TypedDict):
    """Whether sessions can be kept."""

    status: Literal["healthy", "degraded"]
    database: Literal["ok", "error"]
