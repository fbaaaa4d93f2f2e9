"""Bookings as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.db.models import Booking, Profile, User
from bot.db.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose bookings: one person's, an application's people's, or (both None) everybody's, for admins."""

    user_id: int | None = None
    application: str | None = None
    everybody: bool = False


def insert(session: Session, values: dict[str, Any]) -> Booking | None:
    """Store a booking; None when one came of the same dialogue state already."""
    row = {"status": "booked", "details": {}, **values}
    if row.get("state_id") is None:
        booking = Booking(**row)
        session.add(booking)
        session.flush()
        return booking
    if not insert_new(session, Booking, [row], ["state_id"]):
        return None
    return session.scalars(select(Booking).where(Booking.state_id == row["state_id"])).one()


def listed(
    session: Session, whose: Whose, *, status: str | None, limit: int, before: int | None = None
) -> list[tuple[Booking, User, str | None]]:
    """Bookings with their person and that person's time zone, newest first."""
    query = _of(whose)
    if query is None:
        return []
    if status is not None:
        query = query.where(Booking.status == status)
    if before is not None:
        query = query.where(Booking.id < before)
    rows = session.execute(query.order_by(Booking.id.desc()).limit(limit)).all()
    return [(row[0], row[1], row[2]) for row in rows]


def one(session: Session, whose: Whose, booking_id: int) -> tuple[Booking, User, str | None] | None:
    """A booking within reach, locked."""
    query = _of(whose)
    if query is None:
        return None
    row = session.execute(query.where(Booking.id == booking_id).with_for_update(of=Booking)).first()
    return None if row is None else (row[0], row[1], row[2])


def cancel(booking: Booking, now: datetime) -> None:
    """Mark a booking as cancelled; one that is already keeps its time."""
    if booking.status != "cancelled":
        booking.status, booking.cancelled_at = "cancelled", now


def _of(whose: Whose) -> Select[Booking, User, str | None] | None:
    query = (
        select(Booking, User, Profile.timezone)
        .join(User, User.id == Booking.user_id)
        .outerjoin(Profile, Profile.user_id == User.id)
    )
    if whose.user_id is not None:
        return query.where(Booking.user_id == whose.user_id)
    if whose.application is not None:
        return query.where(User.application == whose.application)
    return query if whose.everybody else None
