"""A user as a whole: shown, or forgotten altogether."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from bot.api.access import Reader, Writer
from bot.api.routing import make_router
from bot.api.schemas import UserId, UtcTime
from bot.api.services import service
from bot.services.erasure import Erasure
from bot.services.users import Users

router = make_router("users", prefix="/api/v1/users/{user_id}")

Named = Annotated[UserId, Path()]
Cards = Annotated[Users, Depends(service(Users))]
Erasing = Annotated[Erasure, Depends(service(Erasure))]


class UserShown(BaseModel):
    """A user at a glance."""

    user_id: str = Field(examples=["anna"])
    platform: Literal["telegram", "api"]
    name: str = Field(examples=["Anna Lee"])
    username: str | None = Field(examples=["anna"])
    language: str | None = Field(examples=["uk"])
    conversations: int = Field(examples=[3])
    facts: int = Field(examples=[12])
    created_at: UtcTime
    last_seen_at: UtcTime


class BackupShown(BaseModel):
    """A backup that still holds the user, and when it ends."""

    name: str = Field(examples=["mnema-2026-03-14.db"])
    ends: UtcTime


class ReceiptShown(BaseModel):
    """What was removed, by kind, and until when a backup still holds it."""

    erased_at: UtcTime
    removed: dict[str, int] = Field(examples=[{"messages": 12, "replies": 9, "facts": 3}])
    backups: list[BackupShown]
    last_backup_ends: UtcTime | None


@router.get("", summary="Show a user")
async def get_user(caller: Reader, user_id: Named, users: Cards) -> UserShown:
    """Who it is, and how much is kept."""
    return UserShown(user_id=user_id, **asdict(await users.card(caller, user_id)))


@router.delete("", summary="Forget a user altogether")
async def forget_user(caller: Writer, user_id: Named, erasure: Erasing) -> ReceiptShown:
    """Delete what the user said, the answers to it, facts, documents, bookings and whatever came of them.

    It happens at once and for good; what others said stays. The same as /forget_me in Telegram.
    """
    return ReceiptShown.model_validate((await erasure.erase_named(caller, user_id)).as_row())
