"""Shapes of sessions and their messages."""

from __future__ import annotations

from datetime import MAXYEAR, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from bot.api.schemas.common import MessageId, UserId, UtcTime

Kind = Literal["user", "ai", "system"]
SESSION = "2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e"


def _plain(value: Any) -> Any:
    """Refuse what no database keeps in JSON."""
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value)):
        raise ValueError("must hold no NUL and no lone surrogate")
    for inner in (*value.keys(), *value.values()) if isinstance(value, dict) else ():
        _plain(inner)
    for inner in value if isinstance(value, list) else ():
        _plain(inner)
    return value


def _shallow(value: Any) -> Any:
    """Refuse what is nested deeper than anybody means; level by level, so that nothing overflows."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return value
    raise ValueError(f"must not be nested deeper than {_DEEPEST} levels")


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


_DEEPEST = 32

_TIMES = ("created_at", "updated_at", "last_message_at", "expires_at")


def _told(part: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse a title that is no text, and times that no calendar holds in every zone."""
    if not isinstance(part.get("title"), str | None):
        raise ValueError("title must be text")
    for name in _TIMES:
        value = part.get(name)
        if isinstance(value, str) and not 1 < datetime.fromisoformat(value).year < MAXYEAR:
            raise ValueError(f"{name} is out of range")
    return part


JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(_shallow), AfterValidator(_plain)]
ExportPart = Annotated[JsonObject, AfterValidator(_told)]


class SessionShown(BaseModel):
    """A session; `source_id` is the id that an imported one had before."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=[SESSION])
    user_id: str = Field(examples=["user123"])
    title: str | None = Field(examples=["My Chat Session"])
    metadata: dict[str, Any] = Field(examples=[{"category": "work"}])
    status: Literal["active", "archived"]
    is_active: bool = Field(examples=[True])
    message_count: int = Field(examples=[2])
    created_at: UtcTime
    updated_at: UtcTime
    last_message_at: UtcTime | None
    source_id: str | None = None


class SessionImported(SessionShown):
    """A session made of an export; `created` is false where the same export had made it before."""

    created: bool = Field(examples=[True])


class SessionMessageShown(BaseModel):
    """A message of a session; `score` from 0 to 1 where it was searched for."""

    model_config = ConfigDict(from_attributes=True)

    id: MessageId
    session_id: str = Field(examples=[SESSION])
    message_type: Kind
    content: str = Field(examples=["Hello"])
    content_type: str = Field(examples=["text"])
    response_to: MessageId | None = Field(examples=[None])
    metadata: dict[str, Any] = Field(examples=[{"emotion": "friendly"}])
    created_at: UtcTime
    score: float | None = None


class SessionContextShown(BaseModel):
    """What a model would need to go on."""

    model_config = ConfigDict(from_attributes=True)

    session_id: str = Field(examples=[SESSION])
    context_summary: str | None = Field(examples=["They spoke about boots for spring."])
    messages: list[SessionMessageShown]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewSession(_Asked):
    """A session to begin; its user is made at first use."""

    user_id: UserId = Field(examples=["user123"])
    title: str | None = Field(None, examples=["My Chat Session"])
    metadata: JsonObject | None = Field(None, examples=[{"category": "work", "priority": "high"}])


class NewTitle(_Asked):
    """A title; an empty one leaves it to the first words."""

    title: str = Field(max_length=10_000, examples=["Boots for spring"])


class NewSessionMessage(_Asked):
    """A message to keep; nobody answers it. `response_to` is the message that it replies to."""

    message_type: Kind = Field(examples=["user"])
    content: str = Field(examples=["Hello"])
    response_to: MessageId | None = None
    metadata: JsonObject | None = Field(None, examples=[{"emotion": "friendly"}])


class SessionQuery(_Asked):
    """Words to look for."""

    query: str = Field(min_length=1, max_length=4000, examples=["waterproof boots"])
    limit: int = Field(20, ge=1, le=500)


class SessionExport(BaseModel):
    """A session as one document, as `export` gives it."""

    model_config = ConfigDict(extra="allow")

    format: Literal["mnema.session/1"] = Field(examples=["mnema.session/1"])
    session: ExportPart = Field(
        examples=[
            {"user_id": "user123", "title": "Boots", "status": "active", "created_at": "2026-03-14T09:26:53Z"}
        ]
    )
    messages: list[ExportPart] = Field(
        examples=[[{"message_type": "user", "content": "Hello", "created_at": "2026-03-14T09:26:54Z"}]]
    )


class SessionStatistics(BaseModel):
    """The numbers of what the key reaches. `cache_size` is the number of rows held in memory."""

    total_sessions: int = Field(examples=[3])
    active_sessions: int = Field(examples=[2])
    total_messages: int = Field(examples=[41])
    cache_size: int = Field(examples=[0])


class Cleanup(_Asked):
    """Sessions without activity for so many days."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"days": 30}]})

    days: int = Field(30, ge=1, le=36_500, examples=[30])


class CleanedUp(BaseModel):
    """How many sessions were deleted."""

    deleted_count: int = Field(examples=[4])


class HealthShown(BaseModel):
    """Whether sessions can be kept."""

    status: Literal["healthy", "degraded"]
    database: Literal["ok", "error"]
