"""The numbers of a user."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from bot.api.access import Reader
from bot.api.routing import make_router
from bot.api.schemas import UserId
from bot.api.services import service
from bot.services.statistics import Statistics

router = make_router("users", prefix="/api/v1/users/{user_id}/stats")


class StatsShown(BaseModel):
    """A user's numbers; the averages are of the last answers, null where there is nothing to average."""

    user_id: str = Field(examples=["anna"])
    dialogues: int = Field(examples=[3], description="Private conversations and sessions.")
    active: int = Field(examples=[1], description="Those of them that are active.")
    messages: int = Field(examples=[84], description="All that was said in them.")
    relevance: float | None = Field(
        examples=[0.71], description="How well documents fitted the answers, from 0 to 1."
    )
    response_seconds: float | None = Field(examples=[2.4], description="From a question to its answer.")
    prompt_tokens: int = Field(examples=[61250])
    completion_tokens: int = Field(examples=[4180])
    cost: float = Field(examples=[0.012], description="Dollars, as far as prices are known.")


@router.get("", summary="Show a user's numbers")
async def get_stats(
    caller: Reader,
    user_id: Annotated[UserId, Path()],
    statistics: Annotated[Statistics, Depends(service(Statistics))],
) -> StatsShown:
    """Dialogues, messages, averages, tokens and cost; incognito conversations are in none of them."""
    return StatsShown(user_id=user_id, **asdict(await statistics.of(caller, user_id)))
