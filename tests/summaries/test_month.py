"""A month of a group chat: the right summaries at the right times, of everything within and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.db.models import UsageRow
from tests.summaries.town import (
    DAY,
    MARK,
    House,
    content_of,
    house,
    keeper,
    notes_of,
    system_of,
    talk_much,
    transcript_of,
)
from tests.support.clock import START, ManualClock
from tests.support.llm_server import ScriptedLLM
from tests.support.people import settle

GROUP = ChatRef("-1001", "supergroup", "Сусіди")
NAMES = ("Ann", "Bob", "Ira", "Max", "Zoe")
PEOPLE = tuple(Person(str(100 + n), name) for n, name in enumerate(NAMES))
A_DAY = 20
"""Messages of each person a day: 3,000 in all."""

CEILING = 16_000

WORDS = "Сьогодні знову говорили про подвір'я, сміття і хто їде на ринок, номер"


def one_day(session: Session, day: int) -> None:
    """A day's talk; each person plants one numbered fact."""
    begin = START + day * DAY
    places = [settle(session, person, GROUP, begin) for person in PEOPLE]
    said = [
        (begin + timedelta(minutes=60 * n + order), place, text_of(day, n, place.user.first_name))
        for n in range(A_DAY)
        for order, place in enumerate(places)
    ]
    talk_much(session, places[0], said)


def text_of(day: int, number: int, name: str) -> str:
    return f"Запам'ятайте FACT-{day}-{name}" if number == 7 else f"{WORDS} {number}."


def facts(first: int, last: int) -> set[str]:
    """The facts of days `first` to before `last`."""
    return {f"FACT-{day}-{name}" for day in range(max(0, first), last) for name in NAMES}


async def check(home: House, kind: str, days: int, today: int, seen: int) -> None:
    """The summary of the run that ended just now, and the calls that made it."""
    inside = facts(today - days, today)
    row = (await home.summaries())[kind]
    assert (row.period_start, row.period_end) == (home.clock.now() - days * DAY, home.clock.now())
    assert set(MARK.findall(row.text)) == inside
    bodies = [request.body for request in home.llm.requests[seen:]]
    told = Counter(mark for body in bodies for line in transcript_of(body) for mark in MARK.findall(line))
    assert told == Counter(inside), "every fact of the period was told once, and no other"
    lines = [line for body in bodies for line in transcript_of(body) if MARK.search(line)]
    assert all(line.partition("[")[2].split(" ")[0] == MARK.findall(line)[0].split("-")[2] for line in lines)
    assert {mark for body in bodies for line in notes_of(body) for mark in MARK.findall(line)} <= inside
    assert all(home.app.tokens.count_messages(body["messages"]) <= CEILING for body in bodies)
    assert all("Ukrainian" in system_of(body) for body in bodies)
    cap = {"recent": 1024, "long": 4096}[kind]
    assert bodies[-1]["max_tokens"] == int(cap * 1.25)
    assert len(bodies) == 1 or "<notes>" in content_of(bodies[-1])


async def test_a_month(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    runs: list[tuple[int, str]] = []
    for first, last in ((0, 10), (10, 20), (20, 30)):  # two restarts
        async with house(sqlite_database_url, tmp_path, llm, clock, context_max_tokens=CEILING) as home:
            for day in range(first, last):
                await home.app.database.write(lambda s, day=day: one_day(s, day))  # type: ignore[misc]
                clock.advance(DAY.total_seconds())
                before = {kind: row.period_end for kind, row in (await home.summaries()).items()}
                seen, today = len(llm.requests), day + 1
                await home.look()
                made = [k for k, row in (await home.summaries()).items() if row.period_end != before.get(k)]
                assert len(made) <= 1
                assert made or len(llm.requests) == seen
                for kind in made:
                    runs.append((today, kind))
                    await check(home, kind, {"recent": 7, "long": 30}[kind], today, seen)
    assert runs == sorted([(n, "recent") for n in range(3, 31, 3)] + [(14, "long"), (28, "long")])
    async with house(sqlite_database_url, tmp_path, llm, clock, working=False) as home:
        ledger = await home.app.database.read(lambda s: s.query(UsageRow).count())
    assert ledger == len(llm.requests)
