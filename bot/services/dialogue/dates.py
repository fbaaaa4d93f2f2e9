"""Days and times of an appointment, as people say them in three languages, made real."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.memory.timetables import DAYS, MONTHS, NUMBERS, UNITS, WEEKDAYS

_NOON = re.compile(r"^(?:(?:at|в|о|у|на)\s+)?(?:noon|midday|полдень|полудень|опівдні)$")
_CLOCK = re.compile(
    r"^(?:(?:at|в|во|о|об|у|на|к)\s+)?(?P<h>\d{1,2})(?:\s*[:.\-h]\s*(?P<m>\d{2}))?"
    r"(?:\s*(?:часа|часов|час|ч|годині|годину|години|годин|год|o'clock))?\.?"
    r"(?:\s*(?P<half>am|pm|a\.m\.|p\.m\.|утра|ранку|дня|вечера|вечора|ночи|ночі))?$"
)
_AFTER_NOON = ("pm", "p.m.", "дня", "вечера", "вечора")
_NIGHT = ("ночи", "ночі")
_PREFIX = r"(?:(?:on|for|at|в|во|на|у|о|the|this|next|ближайшую|следующую|наступну|цю|эту)\s+)*"


def _any(table: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))


_N = rf"(?:(?P<n>\d{{1,3}}|{_any(NUMBERS)})\s+)?"
_MONTH = rf"(?P<month>{_any(MONTHS)})\.?"
_YEAR = r"(?:\s*,?\s*(?P<year>20\d\d)(?:\s*(?:г\.?|р\.?|року|года))?)?"


def _plain(text: str) -> str:
    folded = re.sub("[’‘ʼ`′]", "'", text.casefold().replace("ё", "е"))
    return " ".join(folded.split()).strip(" .,!")


def real_date(text: str, today: date) -> date | None:
    """The day that a text names, seen from today: a written one as it is, a spoken one in the future.

    None for what is no day (31 February, "soon").
    """
    plain = _plain(text)
    for pattern, read in _DATES:
        if found := pattern.fullmatch(plain):
            try:
                return read(found, today)
            except (ValueError, OverflowError):
                return None
    return None


def real_time(text: str) -> time | None:
    """The time of day that a text names; None for what is none (25:00, "later")."""
    plain = _plain(text)
    if _NOON.match(plain):
        return time(12)
    found = _CLOCK.match(plain)
    if found is None:
        return None
    hour, minute, half = int(found["h"]), int(found["m"] or 0), found["half"]
    if half in _AFTER_NOON and hour < 12:
        hour += 12
    elif half in (*_NIGHT, "am", "a.m.") and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def is_past(day: date, at: time | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a day, or a time on it, lies behind the present of somebody in the zone."""
    local = now.astimezone(zone)
    if at is None:
        return day < local.date()
    return datetime.combine(day, at, zone) < local


def _iso(found: re.Match[str], _today: date) -> date:
    return date(int(found["year"]), int(found["month"]), int(found["d"]))


def _numeric(found: re.Match[str], today: date) -> date:
    year = found["year"]
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(found["month"]), int(found["d"]))
    return _coming(int(found["month"]), int(found["d"]), today)


def _named(found: re.Match[str], today: date) -> date:
    month, day = MONTHS[found["month"]], int(found["d"])
    return date(int(found["year"]), month, day) if found["year"] else _coming(month, day, today)


def _coming(month: int, day: int, today: date) -> date:
    """The next such day of the calendar, today included; 29 February may be years away."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            if (month, day) == (2, 29):
                continue
            raise
        if found >= today:
            return found
    raise ValueError("no such day")


def _day_word(found: re.Match[str], today: date) -> date:
    return today - timedelta(days=DAYS[found["day"]])


def _weekday(found: re.Match[str], today: date) -> date:
    """The next such day; said on that very day, the one in a week."""
    ahead = (WEEKDAYS[found["weekday"]] - today.weekday()) % 7
    return today + timedelta(days=ahead or 7)


def _in_so_long(found: re.Match[str], today: date) -> date | None:
    number = found["n"]
    count = 1 if number is None else int(number) if number.isdigit() else NUMBERS[number]
    match UNITS[found["unit"]]:
        case "day":
            return today + timedelta(days=count)
        case "week":
            return today + timedelta(days=7 * count)
        case "month":
            first = today.year * 12 + today.month - 1 + count
            return date(first // 12, first % 12 + 1, today.day)
        case _:
            return None


_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]], ...] = (
    (re.compile(rf"{_PREFIX}(?P<year>20\d\d)-(?P<month>\d\d?)-(?P<d>\d\d?)"), _iso),
    (re.compile(rf"{_PREFIX}(?P<d>\d\d?)[./](?P<month>\d\d?)(?:[./](?P<year>(?:20)?\d\d))?"), _numeric),
    (re.compile(rf"{_PREFIX}(?P<d>\d\d?)(?:st|nd|rd|th|-?го|-?е)?\s+(?:of\s+)?{_MONTH}{_YEAR}"), _named),
    (re.compile(rf"{_PREFIX}{_MONTH}\s+(?P<d>\d\d?)(?:st|nd|rd|th)?{_YEAR}"), _named),
    (re.compile(rf"{_PREFIX}(?P<day>{_any(DAYS)})"), _day_word),
    (re.compile(rf"{_PREFIX}(?P<weekday>{_any(WEEKDAYS)})"), _weekday),
    (re.compile(rf"(?:in|через|за)\s+{_N}(?P<unit>{_any(UNITS)})"), _in_so_long),
)
