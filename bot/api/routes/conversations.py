"""Conversations: people's private ones, sessions of applications, and for admins those of groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader, Writer
from bot.api.paging import Cursor, Limit, moment_of, page_of, place_in, stamp_of
from bot.api.routing import make_router
from bot.api.schemas import Page, UserId, UtcTime
from bot.api.schemas.sessions import SESSION
from bot.api.services import service
from bot.services.conversation_desk import ConversationCard, ConversationChange, ConversationDesk

router = make_router("conversations", prefix="/api/v1/conversations")

Desk = Annotated[ConversationDesk, Depends(service(ConversationDesk))]
ConversationId = Annotated[
    str, Path(min_length=1, max_length=255, description="Our id of it, or your own.", examples=[SESSION])
]
Status = Literal["active", "archived"]


class ConversationShown(BaseModel):
    """A conversation. Without a title of its own it is called by the first words that were said in it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=[SESSION])
    user_id: str | None = Field(examples=["anna"], description="Null in a group.")
    chat_id: str = Field(examples=["858361483"], description="Telegram's id of the chat; a session's own.")
    topic_id: int | None = Field(examples=[None], description="The topic of a group's forum.")
    title: str | None = Field(examples=["Boots for spring"])
    status: Status
    context_summary: str | None = Field(examples=["Anna looks for waterproof boots in size 39."])
    message_count: int = Field(examples=[42])
    last_message_at: UtcTime | None
    created_at: UtcTime
    updated_at: UtcTime
    metadata: dict[str, Any] = Field(examples=[{"category": "work"}])


class ConversationPatch(BaseModel):
    """What to change; what is left out stays. An empty title leaves it to the first words."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "Boots for spring"}, {"status": "archived"}]},
    )

    title: str | None = Field(None, max_length=10_000)
    status: Status | None = Field(
        None, description="Reopening archives what is active in the same place, and what is over the limit."
    )


@router.get("", summary="List conversations")
async def list_conversations(
    caller: Reader,
    desk: Desk,
    user_id: Annotated[UserId | None, Query()] = None,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ConversationShown]:
    """The last used first; of a user, or all that the key reaches: an admin's reaches groups', too."""
    place = place_in(cursor, int, int)
    before = None if place is None else (moment_of(place[0]), place[1])
    rows = await desk.list(caller, user_id, status, limit + 1, before)
    return page_of(rows, limit, _shown, lambda card: (stamp_of(card.place[0]), card.place[1]))


@router.get("/{conversation_id}", summary="Show a conversation")
async def get_conversation(caller: Reader, conversation_id: ConversationId, desk: Desk) -> ConversationShown:
    """A conversation, active or archived. `/api/v1/chat/sessions/{id}/messages` shows what was said."""
    return _shown(await desk.get(caller, conversation_id))


@router.patch("/{conversation_id}", summary="Rename, archive or reopen a conversation")
async def change_conversation(
    caller: Writer, conversation_id: ConversationId, change: ConversationPatch, desk: Desk
) -> ConversationShown:
    """An archived one rests: what is said next in its place begins another one."""
    return _shown(await desk.change(caller, conversation_id, ConversationChange(change.title, change.status)))


@router.delete(
    "/{conversation_id}", status_code=204, response_class=Response, summary="Delete a conversation"
)
async def delete_conversation(caller: Writer, conversation_id: ConversationId, desk: Desk) -> None:
    """It is hidden at once; its messages go for good after DELETE_GRACE_DAYS."""
    await desk.delete(caller, conversation_id)


def _shown(card: ConversationCard) -> ConversationShown:
    return ConversationShown.model_validate(card)
