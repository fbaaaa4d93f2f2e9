"""Bookings: made of a settled dialogue, listed, cancelled, and handed out as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Booking, User
from bot.db.repositories import bookings
from bot.db.repositories.bookings import Whose
from bot.services.dialogue.details import made_real, moment_of, named
from bot.services.dialogue.types import FIELDS
from bot.services.reach import Caller, user_of

STATUSES = ("booked", "cancelled")


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking. `date` and `time` are its person's own day and clock, `zone` where they are; either may be
    empty. `starts_at` is the moment in UTC where both are known.
    """

    id: int
    client_id: str
    service: str
    master: str
    date: str
    time: str
    phone: str
    status: str
    created_at: datetime
    cancelled_at: datetime | None
    zone: str

    @property
    def starts_at(self) -> datetime | None:
        """When it begins."""
        day, at = moment_of(self.date, self.time)
        if day is None or at is None:
            return None
        return datetime.combine(day, at, ZoneInfo(self.zone)).astimezone(UTC)


class Bookings:
    """Reads and cancels bookings within a caller's reach."""

    def __init__(self, database: Database, clock: Clock, default_zone: str) -> None:
        self._db = database
        self._clock = clock
        self._zone = default_zone

    async def list(
        self,
        caller: Caller,
        *,
        user_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[BookingView]:
        """Bookings, newest first; those before an id, of one person, of one status.

        Raises NotFound for a person beyond reach, Invalid for another status.
        """
        if status is not None and status not in STATUSES:
            raise Invalid("no such status", field="status")

        def unit(session: Session) -> list[BookingView]:
            whose = _whose(session, caller, user_id)
            rows = bookings.listed(session, whose, status=status, limit=limit, before=before)
            return [self._view(*row) for row in rows]

        return await self._db.read(unit)

    async def cancel(self, caller: Caller, booking_id: int) -> BookingView:
        """Cancel a booking; one that is cancelled already stays so. Raises NotFound."""
        now = self._clock.now()

        def unit(session: Session) -> BookingView:
            found = bookings.one(session, _whose(session, caller, None), booking_id)
            if found is None:
                raise NotFound("no such booking within reach")
            bookings.cancel(found[0], now)
            return self._view(*found)

        return await self._db.write(unit)

    def _view(self, row: Booking, user: User, zone: str | None) -> BookingView:
        return BookingView(
            id=row.id, client_id=user.external_id, service=row.service, master=row.master, date=row.date,
            time=row.time, phone=row.phone, status=row.status, created_at=row.created_at,
            cancelled_at=row.cancelled_at, zone=zone or self._zone,
        )  # fmt: skip


def book_in(
    session: Session,
    scope: Scope,
    state_id: int | None,
    details: Mapping[str, Any],
    now: datetime,
    zone: ZoneInfo,
) -> Booking | None:
    """Store the booking that came of a dialogue state; None when it is stored already.

    Raises BadState for a day or time that is not real or is past, Invalid when there is nothing to book.
    """
    real = made_real(details, now, zone)
    fields = named(real)
    if not fields:
        raise Invalid("a booking of nothing", field="booking_details")
    others = {name: value for name, value in real.items() if name not in (*FIELDS, "step")}
    return bookings.insert(
        session,
        {
            "user_id": scope.user_id, "chat_id": scope.chat_id, "state_id": state_id, "created_at": now,
            "details": others, **{field: fields.get(field, "") for field in FIELDS},
        },
    )  # fmt: skip


def _whose(session: Session, caller: Caller, user_id: str | None) -> Whose:
    if user_id is not None:
        return Whose(user_id=user_of(session, caller, user_id).id)
    if caller.admin:
        return Whose(everybody=True)
    if caller.user_external_id is not None:
        try:
            return Whose(user_id=user_of(session, caller, caller.user_external_id).id)
        except NotFound:
            return Whose()
    return Whose(application=caller.application)
