"""Bookings as files: JSON, CSV, and iCalendar (RFC 5545)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from icalendar import Calendar, Event

from bot.services.bookings import BookingView
from bot.services.dialogue.details import moment_of

COLUMNS = (
    "id", "client_id", "service", "master", "date", "time", "phone", "status", "starts_at", "created_at",
    "cancelled_at",
)  # fmt: skip


def as_row(view: BookingView) -> dict[str, Any]:
    """A booking as programs see it; times are UTC, ISO 8601 with Z."""
    row = {column: getattr(view, column) for column in COLUMNS}
    return {name: _z(value) if isinstance(value, datetime) else value for name, value in row.items()}


def as_json(views: Sequence[BookingView]) -> str:
    """A JSON document of all."""
    return json.dumps({"items": [as_row(view) for view in views], "count": len(views)}, indent=2,
                      ensure_ascii=False) + "\n"  # fmt: skip


def as_csv(views: Sequence[BookingView]) -> str:
    """A table with a header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for view in views:
        writer.writerow([_cell(value) for value in as_row(view).values()])
    return text.getvalue()


def as_ical(views: Sequence[BookingView]) -> str:
    """A calendar with an event for each booking that has a day; one without a time lasts the whole day."""
    calendar = Calendar()
    calendar.add("prodid", "-//Mnema//Bookings//EN")
    calendar.add("version", "2.0")
    for view in views:
        day, _at = moment_of(view.date, view.time)
        if day is None:
            continue
        event = Event()
        event.add("uid", f"booking-{view.id}@mnema")
        event.add("dtstamp", view.cancelled_at or view.created_at)
        event.add("dtstart", view.starts_at or day)
        event.add("summary", ": ".join(filter(None, (view.service or "Booking", view.master))))
        event.add("status", "CANCELLED" if view.status == "cancelled" else "CONFIRMED")
        if view.phone:
            event.add("description", view.phone)
        calendar.add_component(event)
    return bytes(calendar.to_ical()).decode()


FORMATS: Mapping[str, Callable[[Sequence[BookingView]], str]] = {
    "json": as_json,
    "csv": as_csv,
    "ics": as_ical,
}


_FORMULA = ("=", "@", "\t", "\r", "\n", "＝", "＠", "＋", "－")
"""What begins a formula; the wide signs do so in some spreadsheets too."""


def _cell(value: Any) -> str:
    """A value that no spreadsheet takes for a formula; a phone number keeps its plus."""
    text = "" if value is None else str(value)
    risky = text[:1] in _FORMULA or (text[:1] in ("+", "-") and not _number(text[1:]))
    return f"'{text}" if risky else text


def _number(text: str) -> bool:
    return bool(text) and all(letter in "0123456789 ()-." for letter in text)


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
