"""The memory service: messages kept for an application, what is known of a user, and a search over all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader, Writer
from bot.api.routes.memories import ConversationId, Desk, MemoryShown, Priority, Tag, Tags, memory_shown
from bot.api.routing import make_router
from bot.api.schemas import MessageId, UserId, UtcTime
from bot.api.schemas.sessions import JsonObject, Kind, SessionMessageShown
from bot.api.services import service
from bot.services.api_talk import ApiTalk, new_conversation_id
from bot.services.memory_desk import Named
from bot.services.search import TYPES, Type
from bot.services.session_values import MOST_MESSAGES, NewMessage
from bot.services.sessions import Sessions

router = make_router("memory", prefix="/memory")

Kept = Annotated[Sessions, Depends(service(Sessions))]
Talk = Annotated[ApiTalk, Depends(service(ApiTalk))]
_TEN_YEARS = 10 * 365 * 86_400


class MessageToKeep(BaseModel):
    """A message to keep; nobody answers. Priority and tags are kept in its metadata."""

    model_config = ConfigDict(extra="forbid")

    message_type: Kind = Field(examples=["user"])
    content: str = Field(examples=["I work with Docker"])
    user_id: UserId | None = None
    metadata: JsonObject | None = None
    ttl_seconds: int | None = Field(None, ge=1, le=_TEN_YEARS, description="Never shown after so long.")
    priority: Priority | None = None
    tags: Tags | None = None


class ConversationMemory(BaseModel):
    """The last messages of a conversation, oldest first."""

    conversation_id: str = Field(examples=["desk-7"])
    messages: list[SessionMessageShown]
    count: int = Field(examples=[1])


class UserMemoryShown(BaseModel):
    """What is known about a user: likes and dislikes, other facts, and how to answer them."""

    user_id: str = Field(examples=["anna"])
    preferences: list[MemoryShown]
    facts: list[MemoryShown]
    profile: dict[str, Any] = Field(examples=[{"communication_style": "precise", "language": "uk"}])


class MemoryQuery(BaseModel):
    """Words to look for in what a user may see, or in one conversation."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"query": "docker compose", "user_id": "anna"}]}
    )

    query: str = Field(min_length=1, max_length=4000)
    user_id: UserId | None = None
    conversation_id: ConversationId | None = None
    types: list[Type] = Field(list(TYPES), min_length=1, max_length=len(TYPES))
    tags: list[Tag] = Field([], max_length=16, description="Only what carries any of these.")
    limit: int = Field(10, ge=1, le=100)
    min_score: float = Field(0.0, ge=0, le=1)


class MemoryFound(BaseModel):
    """A result. `source` is the conversation's id, the document's citation, or whose fact it is."""

    type: Type
    id: MessageId
    text: str = Field(examples=["I work with Docker"])
    score: float = Field(examples=[0.82], description="From 0 to 1.")
    source: str = Field(examples=["2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e"])
    created_at: UtcTime


class MemoryResults(BaseModel):
    """The results, the best first."""

    results: list[MemoryFound]
    count: int


@router.post("/conversation/{conversation_id}/message", status_code=201, summary="Keep a message")
async def keep_message(
    caller: Writer,
    conversation_id: Annotated[ConversationId, Path()],
    new: MessageToKeep,
    talk: Talk,
    kept: Kept,
) -> SessionMessageShown:
    """The conversation is made at first use under your own name. What users say is read for facts later."""
    place = await talk.open(caller, new.user_id, conversation_id, new_conversation_id(None))
    more = {"priority": new.priority, "tags": new.tags}
    metadata = {**(new.metadata or {}), **{name: value for name, value in more.items() if value is not None}}
    message = NewMessage(new.message_type, new.content, None, metadata, new.ttl_seconds)
    return SessionMessageShown.model_validate(await kept.add_message(caller, place.conversation_id, message))


@router.get("/conversation/{conversation_id}", summary="Show a conversation's messages")
async def get_conversation(
    caller: Reader,
    conversation_id: Annotated[ConversationId, Path()],
    kept: Kept,
    limit: Annotated[int, Query(ge=1, le=MOST_MESSAGES)] = 50,
) -> ConversationMemory:
    """The last ones, oldest first; those whose time is over are not among them."""
    rows = await kept.messages(caller, conversation_id, limit)
    shown = [SessionMessageShown.model_validate(row) for row in rows]
    return ConversationMemory(conversation_id=conversation_id, messages=shown, count=len(shown))


@router.get("/user/{user_id}", summary="Show what is known about a user")
async def get_user_memory(caller: Reader, user_id: Annotated[UserId, Path()], desk: Desk) -> UserMemoryShown:
    """Facts and preferences, the higher priority first, and the profile."""
    found = await desk.of_user(caller, user_id)
    return UserMemoryShown(
        user_id=user_id,
        preferences=[memory_shown(item) for item in found.items if item.kind == "preference"],
        facts=[memory_shown(item) for item in found.items if item.kind != "preference"],
        profile=asdict(found.profile),
    )


@router.post("/query", summary="Search memory")
async def query_memory(caller: Reader, asked: MemoryQuery, desk: Desk) -> MemoryResults:
    """Messages, facts and documents that fit, the best first; name a user or a conversation."""
    found = await desk.query(
        caller, asked.query, Named(asked.user_id, asked.conversation_id), types=asked.types,
        tags=asked.tags, limit=asked.limit, min_score=asked.min_score,
    )  # fmt: skip
    shown = [
        MemoryFound(
            type=one.type, id=one.key, text=one.text, score=one.score, source=one.source,
            created_at=one.created_at,
        )
        for one in found
    ]  # fmt: skip
    return MemoryResults(results=shown, count=len(shown))
