"""Bookings that people confirmed in their dialogues."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from bot.api.access import Reader
from bot.api.paging import Cursor, Limit, page_of, place_in
from bot.api.routing import make_router
from bot.api.schemas import Page, UtcTime
from bot.api.services import service
from bot.services.bookings import Bookings, BookingView

router = make_router("bookings", prefix="/api/v1/bookings")

Kept = Annotated[Bookings, Depends(service(Bookings))]
Status = Literal["booked", "cancelled"]


class BookingShown(BaseModel):
    """A booking; date and time are its client's own, empty where nothing was said."""

    id: int = Field(examples=[7])
    client_id: str = Field(examples=["anna"])
    service: str = Field(examples=["Manicure"])
    master: str = Field(examples=["Jennifer"])
    date: str = Field(examples=["2026-11-25"])
    time: str = Field(examples=["15:00"])
    phone: str = Field(examples=["+380501234567"])
    status: Status
    starts_at: UtcTime | None = Field(description="The moment, where date and time are known.")
    created_at: UtcTime
    cancelled_at: UtcTime | None = Field(examples=[None])


@router.get("", summary="List bookings")
async def list_bookings(
    caller: Reader,
    bookings: Kept,
    user_id: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BookingShown]:
    """Newest first; all that the key reaches, or those of one client."""
    place = place_in(cursor, int)
    rows = await bookings.list(
        caller, user_id=user_id, status=status, limit=limit + 1, before=place[0] if place else None
    )
    return page_of(rows, limit, _shown, lambda row: (row.id,))


def _shown(view: BookingView) -> BookingShown:
    return BookingShown.model_validate(view, from_attributes=True)
