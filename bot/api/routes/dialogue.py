"""The unfinished business of a client: what it is, until when it stands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader, Writer
from bot.api.routing import make_router
from bot.api.schemas import UserId, UtcTime
from bot.api.services import service
from bot.services.dialogue.service import Dialogue
from bot.services.dialogue.states import State
from bot.services.dialogue.types import BOOKING, MOST_MINUTES

router = make_router("dialogue", prefix="/api/chat/{client_id}/context")

ClientId = Annotated[UserId, Path()]
Known = Annotated[Dialogue, Depends(service(Dialogue))]
Type = Annotated[str, Field(min_length=1, max_length=64, examples=[BOOKING])]
OfType = Annotated[
    str | None, Query(min_length=1, max_length=64, description="This type alone; all where it is left out.")
]
Minutes = Annotated[int, Field(ge=1, le=MOST_MINUTES, description="How long it stands, from now.")]
_CREATED, _EXPIRES = "2026-03-14T09:26:53Z", "2026-03-14T09:56:53Z"
_DATA = {"step": "select_master", "service": "Manicure", "master": None, "date": None, "time": None}


class StateShown(BaseModel):
    """A state; its time is never over."""

    data: dict[str, Any] = Field(examples=[_DATA])
    expires_at: UtcTime = Field(examples=[_EXPIRES])
    created_at: UtcTime


class StatesShown(BaseModel):
    """A client's states by type."""

    client_id: str = Field(examples=["anna"])
    contexts: dict[str, StateShown] = Field(
        examples=[{BOOKING: {"data": _DATA, "expires_at": _EXPIRES, "created_at": _CREATED}}]
    )
    count: int = Field(examples=[1])


class StateKept(BaseModel):
    """A state as it stands now."""

    client_id: str = Field(examples=["anna"])
    context_type: str = Field(examples=[BOOKING])
    data: dict[str, Any] = Field(examples=[_DATA])
    created_at: UtcTime
    expires_at: UtcTime = Field(examples=[_EXPIRES])


class StatesCleared(BaseModel):
    """How many states were cleared."""

    client_id: str = Field(examples=["anna"])
    deleted: int = Field(examples=[1])


class NewState(BaseModel):
    """A state to keep; one of the same type is replaced."""

    model_config = ConfigDict(extra="forbid")

    context_type: Type
    context_data: dict[str, Any] = Field(examples=[_DATA])
    expires_in_minutes: Minutes | None = None


class StateChange(BaseModel):
    """What to merge into a state, at its top level."""

    model_config = ConfigDict(extra="forbid")

    update_data: dict[str, Any] = Field(examples=[{"step": "select_date", "master": "Jennifer"}])
    extend_expiry: bool = Field(False, description="Let it stand for `expires_in_minutes` from now.")
    expires_in_minutes: Minutes = 30


@router.get("", summary="Show a client's unfinished business")
async def get_context(
    caller: Reader, client_id: ClientId, dialogue: Known, context_type: OfType = None
) -> StatesShown:
    """All active states, or the one of a type; a client that was never seen has none."""
    found = await dialogue.active(caller, client_id)
    contexts = {state.type: _shown(state) for state in found if context_type in (None, state.type)}
    return StatesShown(client_id=client_id, contexts=contexts, count=len(contexts))


@router.post("", status_code=201, summary="Keep a state")
async def save_context(caller: Writer, client_id: ClientId, new: NewState, dialogue: Known) -> StateKept:
    """Any type may be used; of four known ones the data is checked. The client is made at first use."""
    state = await dialogue.save(
        caller, client_id, new.context_type, new.context_data, new.expires_in_minutes
    )  # fmt: skip
    return _kept(client_id, state)


@router.put("/{context_type}", summary="Change a state")
async def update_context(
    caller: Writer, client_id: ClientId, context_type: Type, change: StateChange, dialogue: Known
) -> StateKept:
    """Merge into an active state; for one that is absent or expired the answer is 404."""
    state = await dialogue.update(
        caller, client_id, context_type, change.update_data,
        extend=change.extend_expiry, minutes=change.expires_in_minutes,
    )  # fmt: skip
    return _kept(client_id, state)


@router.delete("", summary="Clear unfinished business")
async def clear_context(
    caller: Writer, client_id: ClientId, dialogue: Known, context_type: OfType = None
) -> StatesCleared:
    """Clear the state of a type, or all."""
    return StatesCleared(client_id=client_id, deleted=await dialogue.clear(caller, client_id, context_type))


def _shown(state: State) -> StateShown:
    return StateShown(data=state.data, expires_at=state.expires_at, created_at=state.created_at)


def _kept(client_id: str, state: State) -> StateKept:
    return StateKept(
        client_id=client_id, context_type=state.type, data=state.data, created_at=state.created_at,
        expires_at=state.expires_at,
    )  # fmt: skip
