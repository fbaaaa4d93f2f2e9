"""Shapes that all routes share: times, ids, lists, problems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bot.core.errors import NotFound

T = TypeVar("T")

_LARGEST = 2**63 - 1


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _z(moment: datetime) -> str:
    return _utc(moment).isoformat().replace("+00:00", "Z")


UtcTime = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(_z, return_type=str, when_used="json"),
    Field(examples=["2026-03-14T09:26:53Z"], json_schema_extra={"format": "date-time"}),
]
"""UTC in ISO 8601 with Z; a time that comes in without a zone is UTC."""

MessageId = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
    Field(examples=["4294967297"], description="A number as text: it is larger than JavaScript counts."),
]

UserId = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    Field(
        min_length=1,
        max_length=255,
        examples=["anna"],
        description="Your own name for a user; digits alone mean that Telegram person.",
    ),
]


def message_number(text: str) -> int:
    """The message id that a path names. Raises NotFound for what cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _LARGEST):
        raise NotFound("not a message id")
    return int(text)


class Page(BaseModel, Generic[T]):
    """A list, or a page of one: `count` items here, `next` the cursor of the page behind it or null."""

    items: list[T]
    count: int
    next: str | None = None


class ProblemBody(BaseModel):
    """An error (RFC 9457): `detail` is a sentence for people, `type` and `field` are for programs."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:mnema:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such thing here."])
    field: str | None = Field(None, description="What of the request does not fit.")
