"""Times in a question, such as "last Tuesday", "два тижні тому" or "в марте 2023", as spans of days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.memory import timetables as words
from bot.memory.timetables import DAYS, MONTHS, NUMBERS, SEASONS, UNITS, WEEKDAYS, YEARS


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, not including, `end` (aware UTC); `text` is what the question called it."""

    start: datetime
    end: datetime
    text: str


Days = tuple[date, date]
"""First day and the day after the last."""

_FIRST_YEAR = 1990
_SATURDAY = 5


def spans(text: str, now: datetime, zone: ZoneInfo) -> list[Span]:
    """The times that a text names, in its order, as the person in `zone` means them at `now`.

    What lies wholly in the future is left out: nobody has said anything then.
    """
    today = now.astimezone(zone).date()
    plain = _plain(text)
    found: list[tuple[int, int, Days]] = []
    for pattern, read in _GRAMMAR:
        for match in pattern.finditer(plain):
            inside = any(match.start() < end and start < match.end() for start, end, _ in found)
            days = None if inside else _safely(read, match, today)
            if days is not None and days[0] <= today:
                found.append((match.start(), match.end(), days))
    return [_span(days, plain[start:end], zone) for start, end, days in sorted(found)]


def without(text: str, found: Iterable[Span]) -> str:
    """The text, comparable, without its time words: what the question is about."""
    plain = _plain(text)
    for span in found:
        plain = plain.replace(span.text, " ", 1)
    return plain


def _plain(text: str) -> str:
    """One case, one kind of apostrophe, single spaces."""
    folded = text.casefold().replace("ё", "е")
    return " ".join(re.sub("[’‘ʼ`′]", "'", folded).split())


def _safely(
    read: Callable[[re.Match[str], date], Days | None], match: re.Match[str], today: date
) -> Days | None:
    try:
        return read(match, today)
    except (ValueError, OverflowError):  # 31 February, the year 0, nine billion days ago
        return None


def _span(days: Days, text: str, zone: ZoneInfo) -> Span:
    start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days)
    return Span(start, end, text)


def _any(table: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))


_N = rf"(?P<n>\d{{1,3}}|{_any(NUMBERS)})"
_UNIT = rf"(?P<unit>{_any(UNITS)})"
_WHICH = rf"(?P<which>{_any(words.LAST | words.THIS | words.BEFORE_LAST)})"
_MONTH = rf"(?P<month>{_any(MONTHS)})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_OF_YEAR = r"(?:\s*,?\s*(?:of\s+)?(?P<year>(?:19|20)\d\d)(?:-?го)?(?:\s+(?:року|році|года|году))?)"
_SINCE = rf"(?:(?P<since>{_any(words.SINCE)})\s+)?"


def _number(text: str) -> int:
    return int(text) if text.isdigit() else NUMBERS[text]


def _month(year: int, month: int, count: int = 1) -> Days:
    """So many months from the first of one; `month` may run over the year's ends."""
    first = year * 12 + month - 1
    after = first + count
    return date(first // 12, first % 12 + 1, 1), date(after // 12, after % 12 + 1, 1)


def _unit_ago(unit: str, count: int, today: date) -> Days:
    """The whole calendar unit that lies `count` units back; 0 is the present one."""
    if unit == "year":
        return date(today.year - count, 1, 1), date(today.year - count + 1, 1, 1)
    if unit == "month":
        return _month(today.year, today.month - count)
    monday = today - timedelta(days=today.weekday() + 7 * count)
    if unit == "weekend":
        return monday + timedelta(days=5), monday + timedelta(days=7)
    if unit == "week":
        return monday, monday + timedelta(days=7)
    return today - timedelta(days=count), today - timedelta(days=count - 1)


def _day(match: re.Match[str], today: date) -> Days:
    day = today - timedelta(days=DAYS[match["day"]])
    return day, day + timedelta(days=1)


def _half_a_year_ago(_match: re.Match[str], today: date) -> Days:
    return _around(today - timedelta(days=183), 31)


def _ago(match: re.Match[str], today: date) -> Days | None:
    """The days around the day that lies so far back, more of them the longer ago it is."""
    if not match["n"] and match["unit"].endswith("s"):
        return None  # "years ago" names no time
    count = _number(match["n"]) if match["n"] else 1
    unit = UNITS[match["unit"]]
    slack = 1 if match["n"] in words.VAGUE else 0
    if unit == "hour":
        return today - timedelta(days=-(-count // 24)), today + timedelta(days=1)
    if unit == "day":
        return _around(today - timedelta(days=count), slack + count // 7)
    if unit in ("week", "weekend"):
        return _around(today - timedelta(days=7 * count), 4 + 3 * slack)
    if unit == "month":
        middle = _month(today.year, today.month - count)[0] + timedelta(days=today.day - 1)
        return _around(middle, 15 + 15 * slack)
    return _unit_ago("year", count, today)


def _around(day: date, slack: int) -> Days:
    return day - timedelta(days=slack), day + timedelta(days=slack + 1)


def _which(match: re.Match[str], today: date) -> Days | None:
    """A calendar unit: last week, цього року, в позапрошлом месяце."""
    word, unit = match["which"], UNITS[match["unit"]]
    if unit in ("hour", "day"):
        return None  # "that day" and "this time" point at the talk, not at the calendar
    return _unit_ago(unit, 0 if word in words.THIS else 2 if word in words.BEFORE_LAST else 1, today)


def _weekend(_match: re.Match[str], today: date) -> Days:
    """The latest weekend, one that goes on included."""
    return _unit_ago("weekend", 0 if today.weekday() >= _SATURDAY else 1, today)


def _rolling(match: re.Match[str], today: date) -> Days:
    """So long until today, today included."""
    count = _number(match["n"])
    unit = UNITS[match["unit"]]
    days = {"hour": 1, "day": count, "week": 7 * count, "weekend": 7 * count, "month": 31 * count}
    back = timedelta(days=days.get(unit, 366 * count))
    return today - back, today + timedelta(days=1)


def _weekday(match: re.Match[str], today: date) -> Days:
    """The latest such day; today itself only where it is not said to be a past one."""
    word = match.groupdict().get("which")
    back = (today.weekday() - WEEKDAYS[match["weekday"]]) % 7
    if back == 0 and word in words.LAST:
        back = 7
    if word in words.BEFORE_LAST:
        back += 7
    day = today - timedelta(days=back)
    return day, day + timedelta(days=1)


def _date(match: re.Match[str], today: date) -> Days:
    """A day of a month, in the year that is said, or the latest such day."""
    month = MONTHS[match["month"]] if match["month"] in MONTHS else int(match["month"])
    day = int(match["d"])
    year = int(match["year"]) if match["year"] else today.year
    if not match["year"] and (month, day) > (today.month, today.day):
        year -= 1
    found = date(year, month, day)
    return found, found + timedelta(days=1)


def _in_month(match: re.Match[str], today: date) -> Days:
    month = MONTHS[match["month"]]
    named = match.groupdict()
    year = int(named["year"]) if named.get("year") else today.year - (month > today.month)
    if named.get("which") in words.LAST and month == today.month:
        year -= 1
    return _since(named, _month(year, month), today)


def _in_season(match: re.Match[str], today: date) -> Days:
    first = SEASONS[match["season"]]
    named = match.groupdict()
    year = int(named["year"]) if named.get("year") else today.year
    found = _month(year, first, 3)
    if not named.get("year"):
        last = named.get("which") in words.LAST and found[0] <= today < found[1]
        if found[0] > today or last:
            found = _month(year - 1, first, 3)
    return found


def _in_year(match: re.Match[str], today: date) -> Days | None:
    year = int(match["year"])
    if year < _FIRST_YEAR:
        return None  # years of birth and the like: nobody was talking here
    return _since(match.groupdict(), (date(year, 1, 1), date(year + 1, 1, 1)), today)


def _since(named: dict[str, str | None], found: Days, today: date) -> Days:
    return (found[0], today + timedelta(days=1)) if named.get("since") else found


def _year_word(match: re.Match[str], today: date) -> Days:
    return _unit_ago("year", YEARS[match["word"]], today)


def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'-]){body}(?![\w'-])")


_NUMERIC_DATE = r"(?P<d>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>(?:19|20)\d\d)"
_ISO_DATE = r"(?P<year>(?:19|20)\d\d)-(?P<month>\d{1,2})-(?P<d>\d{1,2})"
_DAY_OF = r"(?P<d>\d{1,2})(?:st|nd|rd|th|-?го|-?е)?\s+(?:of\s+)?"

# What is more exact stands first: later rules leave alone what an earlier one has read.
_GRAMMAR: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days | None]], ...] = (
    (_pattern(_ISO_DATE), _date),
    (_pattern(_NUMERIC_DATE), _date),
    (_pattern(rf"{_DAY_OF}{_MONTH}{_OF_YEAR}?"), _date),
    (_pattern(rf"{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_OF_YEAR}?"), _date),
    (_pattern(r"(?:half a year|півроку|пів року|полгода)\s+(?:ago|тому|назад)"), _half_a_year_ago),
    (_pattern(rf"(?:{_N}\s+)?{_UNIT}\s+(?:ago|тому|назад)"), _ago),
    (_pattern(rf"(?:{_any(words.ROLLING)})\s+{_N}\s+{_UNIT}"), _rolling),
    (_pattern(rf"{_SINCE}{_WHICH}\s+{_MONTH}"), _in_month),
    (_pattern(rf"{_SINCE}{_MONTH}{_OF_YEAR}"), _in_month),
    (_pattern(rf"{_WHICH}\s+(?P<season>{_any(SEASONS)})"), _in_season),
    (_pattern(rf"(?P<season>{_any(SEASONS)}){_OF_YEAR}"), _in_season),
    (_pattern(rf"{_WHICH}\s+(?P<weekday>{_any(WEEKDAYS)})"), _weekday),
    (_pattern(rf"{_WHICH}\s+{_UNIT}"), _which),
    (
        _pattern(
            rf"(?:(?:at|on|over|during) the|на)\s+(?:{_any(w for w in UNITS if UNITS[w] == 'weekend')})"
        ),
        _weekend,
    ),
    (_pattern(rf"(?P<day>{_any(DAYS)})"), _day),
    (_pattern(rf"(?P<word>{_any(YEARS)})"), _year_word),
    (_pattern(rf"(?P<weekday>{_any(WEEKDAYS)})"), _weekday),
    (_pattern(rf"(?:(?P<since>{_any(words.SINCE)})|{_any(words.IN)})\s+{_MONTH}"), _in_month),
    (_pattern(rf"(?:in|during|over|this)\s+(?:the\s+)?(?P<season>{_any(SEASONS)})"), _in_season),
    (_pattern(rf"(?P<season>{_any(w for w in SEASONS if w[0] > 'z')})"), _in_season),
    (
        _pattern(
            rf"(?:(?P<since>{_any(words.SINCE)})|{_any(words.IN)})\s+{_YEAR}(?:\s+(?:року|році|года|году))?"
        ),
        _in_year,
    ),
    (_pattern(rf"{_YEAR}\s+(?:року|році|года|году)"), _in_year),
    (_pattern(rf"{_YEAR}"), _in_year),
)
