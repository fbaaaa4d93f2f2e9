"""Days as a model reads them: absolute ones, which stay true, and how long ago, which is for now alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKS, _MONTHS, _YEARS = 14, 60, 730
"""Days from which weeks, months and years are counted."""

A_DAY = timedelta(days=1)


def weekday(moment: datetime) -> str:
    """The day's English name, whatever the process's locale is."""
    return _NAMES[moment.weekday()]


def day(moment: datetime, zone: ZoneInfo) -> str:
    """The day in a zone, such as "2026-11-19 (Thu)"."""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d} ({weekday(local)[:3]})"


def ago(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long ago a day was, counted as people count: by the calendar of their zone."""
    days = (now.astimezone(zone).date() - then.astimezone(zone).date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < _WEEKS:
        return f"{days} days ago"
    if days < _MONTHS:
        return f"{days // 7} weeks ago"
    return f"{days // 30} months ago" if days < _YEARS else f"{days // 365} years ago"


def day_and_ago(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Both, such as "2026-11-19 (Thu, 2 days ago)"."""
    return f"{day(then, zone)[:-1]}, {ago(then, now, zone)})"


def time_and_ago(then: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The same with the time, such as "2026-11-19 08:00 (Thu, 2 days ago)"."""
    return day_and_ago(then, now, zone).replace(" ", f" {then.astimezone(zone):%H:%M} ", 1)
