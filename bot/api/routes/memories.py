"""Memories of users, of conversations and of the house, for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader, Writer
from bot.api.paging import Cursor, Limit, moment_of, page_of, place_in, stamp_of
from bot.api.routing import make_router
from bot.api.schemas import Page, UserId, UtcTime
from bot.api.services import service
from bot.memory.gates import Refused
from bot.memory.kinds import KINDS
from bot.services.memory_desk import MemoryDesk, Named
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import LONGEST_TTL, MOST_TAGS, NewRecord, RecordChange
from bot.web.problems import Problem

router = make_router("memories", prefix="/api/v1/memories")

Desk = Annotated[MemoryDesk, Depends(service(MemoryDesk))]
MemoryId = Annotated[int, Path(ge=1, lt=2**63, examples=[7])]
ConversationId = Annotated[str, Field(min_length=1, max_length=255, examples=["desk-7"])]
Tag = Annotated[str, Field(min_length=1, max_length=64, examples=["shop"])]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS, examples=[["shop"]])]
Priority = Annotated[int, Field(ge=1, le=10, description="The higher one goes first where room is short.")]
_TTL = "Seconds after which it is never shown again."


class MemoryShown(BaseModel):
    """A memory. `kind` is of a closed list; `origin` tells whether it was told outright or concluded."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[7])
    text: str = Field(examples=["Takes her coffee without milk"])
    kind: str = Field(examples=["preference"])
    priority: int = Field(examples=[5])
    tags: list[str] = Field(examples=[["shop"]])
    pinned: bool
    origin: Literal["explicit", "inferred"]
    said_at: UtcTime
    expires_at: UtcTime | None = Field(examples=[None])


class NewMemory(BaseModel):
    """A memory to keep: of a user, of a conversation, or with neither of the house (an admin's)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "anna",
                    "text": "Takes her coffee without milk",
                    "kind": "preference",
                    "tags": ["shop"],
                }
            ]
        },
    )

    text: str = Field(min_length=1, max_length=2000)
    user_id: UserId | None = None
    conversation_id: ConversationId | None = None
    kind: str = Field("other", max_length=16, description=f"One of: {', '.join(KINDS)}.")
    priority: Priority = 5
    tags: Tags = []
    ttl_seconds: Annotated[int, Field(ge=1, le=LONGEST_TTL, description=_TTL)] | None = None
    pinned: bool = False


class MemoryChange(BaseModel):
    """What to change; what is left out stays. `ttl_seconds` 0 keeps it for good."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"priority": 8, "tags": ["shop", "vip"]}]}
    )

    text: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    priority: Priority | None = None
    tags: Tags | None = None
    ttl_seconds: Annotated[int, Field(ge=0, le=LONGEST_TTL, description=_TTL)] | None = None
    pinned: bool | None = None


@router.get("", summary="List memories")
async def list_memories(
    caller: Reader,
    desk: Desk,
    user_id: Annotated[UserId | None, Query()] = None,
    conversation_id: Annotated[ConversationId | None, Query()] = None,
    tag: Annotated[Tags, Query(description="Those with any of these tags.")] = [],  # noqa: B006 - read only
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[MemoryShown]:
    """Of a user, of a conversation, or of the house: the higher priority first, then the newer."""
    place = place_in(cursor, int, int, int)
    after = None if place is None else (place[0], moment_of(place[1]), place[2])
    rows = await desk.list(caller, Named(user_id, conversation_id), tag, limit + 1, after)
    return page_of(rows, limit, memory_shown, _place)


@router.post("", status_code=201, summary="Keep a memory")
async def create_memory(caller: Writer, new: NewMemory, desk: Desk) -> MemoryShown:
    """One that says the same already is answered instead. A user is made at first use."""
    record = NewRecord(new.text, new.kind, new.priority, new.tags, new.ttl_seconds, new.pinned)
    with _refusing():
        return memory_shown(await desk.create(caller, Named(new.user_id, new.conversation_id), record))


@router.get("/{memory_id}", summary="Show a memory")
async def get_memory(caller: Reader, memory_id: MemoryId, desk: Desk) -> MemoryShown:
    """A memory that holds now."""
    return memory_shown(await desk.get(caller, memory_id))


@router.patch("/{memory_id}", summary="Change a memory")
async def change_memory(caller: Writer, memory_id: MemoryId, change: MemoryChange, desk: Desk) -> MemoryShown:
    """Another text of a user's fact is a new value of it, under an id of its own; the old one is history."""
    asked = RecordChange(change.text, change.priority, change.tags, change.ttl_seconds, change.pinned)
    with _refusing():
        return memory_shown(await desk.update(caller, memory_id, asked))


@router.delete("/{memory_id}", status_code=204, response_class=Response, summary="Forget a memory")
async def delete_memory(caller: Writer, memory_id: MemoryId, desk: Desk) -> None:
    """It is never used again."""
    await desk.delete(caller, memory_id)


def memory_shown(item: MemoryItem) -> MemoryShown:
    """A memory as programs see it."""
    return MemoryShown.model_validate(item)


def _place(item: MemoryItem) -> tuple[int, int, int]:
    assert item.place is not None, "what is stored has its place"
    priority, made, id_ = item.place
    return priority, stamp_of(made), id_


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        text = str(refusal)
        field = "kind" if refusal.reason == "kind" else "text"
        raise Problem(422, f"{text[:1].upper()}{text[1:]}.", code="refused", field=field) from None
