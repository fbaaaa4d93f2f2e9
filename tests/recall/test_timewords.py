"""Times in questions, as a person in Kyiv means them on Wednesday, 18 November 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.memory.timewords import spans, without

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)

DAYS = """
today | 11-18 11-19
what did we say this morning? | 11-18 11-19
yesterday | 11-17 11-18
last night | 11-17 11-18
the day before yesterday | 11-16 11-17
What did Ann say last Tuesday? | 11-17 11-18
last Wednesday | 11-11 11-12
on Wednesday | 11-18 11-19
on Friday | 11-13 11-14
two weeks ago | 10-31 11-09
a couple of days ago | 11-15 11-18
3 days ago | 11-15 11-16
several weeks ago | 10-21 11-05
three months ago | 08-03 09-03
half a year ago | 04-18 06-20
this week | 11-16 11-23
last week | 11-09 11-16
last weekend | 11-14 11-16
over the weekend | 11-14 11-16
last month | 10-01 11-01
in the last 3 days | 11-15 11-19
the past two weeks | 11-04 11-19
in March | 03-01 04-01
last November | 2025-11-01 2025-12-01
since September | 09-01 11-19
5 May | 05-05 05-06
on the 5th of May | 05-05 05-06
March 3rd, 2025 | 2025-03-03 2025-03-04
December 24 | 2025-12-24 2025-12-25
last summer | 06-01 09-01
this spring | 03-01 06-01
in 2024 | 2024-01-01 2025-01-01
last year | 2025-01-01 2026-01-01
2025-02-28 | 2025-02-28 2025-03-01
28.02.2025 | 2025-02-28 2025-03-01
сьогодні | 11-18 11-19
що я казав учора? | 11-17 11-18
позавчора | 11-16 11-17
минулого вівторка | 11-17 11-18
у понеділок | 11-16 11-17
тиждень тому | 11-07 11-16
два тижні тому | 10-31 11-09
кілька днів тому | 11-14 11-17
пів року тому | 04-18 06-20
рік тому | 2025-01-01 2026-01-01
цього тижня | 11-16 11-23
минулого тижня | 11-09 11-16
минулого місяця | 10-01 11-01
на вихідних | 11-14 11-16
за останні два тижні | 11-04 11-19
у березні | 03-01 04-01
з вересня | 09-01 11-19
5 травня 2025 року | 2025-05-05 2025-05-06
влітку | 06-01 09-01
торік | 2025-01-01 2026-01-01
позаторік | 2024-01-01 2025-01-01
у 2024 році | 2024-01-01 2025-01-01
сегодня | 11-18 11-19
вчера | 11-17 11-18
позавчера | 11-16 11-17
в прошлую пятницу | 11-13 11-14
во вторник | 11-17 11-18
неделю назад | 11-07 11-16
два месяца назад | 09-03 10-04
полгода назад | 04-18 06-20
на прошлой неделе | 11-09 11-16
в прошлом месяце | 10-01 11-01
на выходных | 11-14 11-16
за последние три дня | 11-15 11-19
в марте | 03-01 04-01
с мая | 05-01 11-19
12 марта | 03-12 03-13
весной 2024 | 2024-03-01 2024-06-01
прошлым летом | 06-01 09-01
в позапрошлом году | 2024-01-01 2025-01-01
2019 года | 2019-01-01 2020-01-01
"""

NOTHING = [
    "What may I do?", "we will march on", "the second day", "tomorrow", "next week", "after years ago",
    "31.02.2025 is no day",
    "того дня", "в цей час", "завтра", "на следующей неделе", "call 99999999 years ago",
    "a sunny garden", "the maybe and the decision", "",
]  # fmt: skip


def _day(text: str) -> str:
    return text if len(text) > 5 else f"2026-{text}"


@pytest.mark.parametrize("row", DAYS.strip().splitlines())
def test_a_time_is_read_as_its_days(row: str) -> None:
    said, _, expected = row.partition(" | ")
    found = spans(said, NOW, KYIV)
    shown = [f"{s.start.astimezone(KYIV):%Y-%m-%d} {s.end.astimezone(KYIV):%Y-%m-%d}" for s in found]
    assert shown == [" ".join(map(_day, expected.split()))]
    # A day begins at midnight where the person is.
    assert all(s.start.astimezone(KYIV).hour == 0 and s.start.tzinfo is UTC for s in found)


@pytest.mark.parametrize("said", NOTHING)
def test_what_is_no_time_or_lies_ahead_is_left_alone(said: str) -> None:
    assert [s for s in spans(said, NOW, KYIV) if s.text != "2025"] == []


def test_two_times_stand_in_the_order_of_the_question() -> None:
    found = spans("Between last Tuesday and 5 May, what changed?", NOW, KYIV)
    assert [s.text for s in found] == ["last tuesday", "5 may"]
    assert without("Between last Tuesday and 5 May, what changed?", found).split() == [
        "between", "and", ",", "what", "changed?",
    ]  # fmt: skip


def test_the_day_turns_at_the_askers_midnight() -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)  # half past one on the 19th in Kyiv
    assert spans("today", late, KYIV)[0].start.astimezone(KYIV).day == 19
    assert spans("today", late, ZoneInfo("America/New_York"))[0].start.astimezone(UTC).day == 18
