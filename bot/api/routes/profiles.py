"""How a person wants to be answered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from bot.api.access import Reader, Writer
from bot.api.routing import make_router
from bot.api.schemas import UserId
from bot.api.services import service
from bot.services.profiles import Profiles, ProfileValues
from bot.services.reach import Reach

router = make_router("users", prefix="/api/v1/users/{user_id}/profile")

ProfileOf = Annotated[UserId, Path()]
Known = Annotated[Profiles, Depends(service(Profiles))]
Reached = Annotated[Reach, Depends(service(Reach))]


class ProfileShown(BaseModel):
    """The preferences; null where the person said nothing."""

    user_id: str = Field(examples=["anna"])
    communication_style: str = Field(examples=["friendly"])
    response_length: Literal["short", "medium", "long"]
    language: str | None = Field(examples=["uk"])
    pronouns: str | None = Field(examples=["she/her"])
    timezone: str | None = Field(examples=["Europe/Kyiv"])
    relevance_threshold: float = Field(examples=[0.3])


class ProfileChange(BaseModel):
    """What to change; null takes a field back to its default, a field left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"response_length": "short", "timezone": "Europe/Kyiv"}]},
    )

    communication_style: str | None = Field(
        None,
        max_length=200,
        description="neutral, friendly, formal, precise, playful, or own words.",
    )
    response_length: Literal["short", "medium", "long"] | None = None
    language: str | None = Field(None, max_length=64, description="A language code, such as uk.")
    pronouns: str | None = Field(None, max_length=40)
    timezone: str | None = Field(None, max_length=64, description="A name such as Europe/Kyiv.")
    relevance_threshold: float | None = Field(None, ge=0, le=1)


@router.get("", summary="Show a user's preferences")
async def get_profile(caller: Reader, user_id: ProfileOf, profiles: Known, reach: Reached) -> ProfileShown:
    """What the bot goes by when it answers this user."""
    return _shown(user_id, await profiles.get(await reach.person(caller, user_id)))


@router.patch("", summary="Change a user's preferences")
async def change_profile(
    caller: Writer, user_id: ProfileOf, change: ProfileChange, profiles: Known, reach: Reached
) -> ProfileShown:
    """Change some of them; the user is made at first use."""
    person = await reach.person(caller, user_id, create=True)
    return _shown(user_id, await profiles.update(person, **change.model_dump(exclude_unset=True)))


def _shown(user_id: str, values: ProfileValues) -> ProfileShown:
    return ProfileShown(
        user_id=user_id,
        communication_style=values.communication_style,
        response_length=values.response_length,  # type: ignore[arg-type]  # checked before it is stored
        language=values.language,
        pronouns=values.pronouns,
        timezone=values.timezone,
        relevance_threshold=values.relevance_threshold,
    )
