"""The details of a booking: free text, but a real day that is not past and a real time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.text import one_line
from bot.services.dialogue.dates import is_past, real_date, real_time
from bot.services.dialogue.types import FIELDS, BadState

_LENGTH = {"service": 200, "master": 200, "date": 64, "time": 64, "phone": 64}
_ORDER = ("service", "master", "date", "time")


def named(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a booking that hold something, each on one line."""
    texts = {field: one_line(str(data.get(field) or ""), _LENGTH[field]) for field in FIELDS}
    return {field: text for field, text in texts.items() if text}


def made_real(data: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The data with its day as YYYY-MM-DD and its time as HH:MM, as somebody in the zone means them.

    Raises BadState for a day or a time that there is not, or that is past.
    """
    made, day, at = dict(data), None, None
    if text := data.get("date"):
        day = real_date(str(text), now.astimezone(zone).date())
        if day is None:
            raise BadState("date is no real day: give YYYY-MM-DD, or words such as 'tomorrow'", "date")
        made["date"] = day.isoformat()
    if text := data.get("time"):
        at = real_time(str(text))
        if at is None:
            raise BadState("time is no real time of day: give HH:MM", "time")
        made["time"] = f"{at:%H:%M}"
    if day is not None and is_past(day, at, now, zone):
        raise BadState(
            "the day or its time is past already", "date" if is_past(day, None, now, zone) else "time"
        )
    return made


def moment_of(booking_date: str, booking_time: str) -> tuple[date | None, time | None]:
    """Day and time of a stored booking; None where it names none."""
    try:
        day = date.fromisoformat(booking_date)
    except ValueError:
        return None, None
    try:
        return day, time.fromisoformat(booking_time)
    except ValueError:
        return day, None


def next_step(data: Mapping[str, Any]) -> str:
    """The step that a booking stands at: the first thing that is still to be chosen."""
    for field in _ORDER:
        if not data.get(field):
            return f"select_{field}"
    return "confirm"
