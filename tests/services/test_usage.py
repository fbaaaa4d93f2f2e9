"""The ledger summed by day: the same sums before and after, and of an application its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob
from bot.core.llm import Used
from bot.db.engine import Database
from bot.db.models import UsageDay, UsageRow
from bot.db.repositories import usage
from bot.db.repositories.usage import EVERYBODY, Extent
from bot.services.instance_statistics import SUM, InstanceNumbers
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, PRIVATE, Place, ask, say, settle

TODAY = START.date()


def _paid(session: Session, now: datetime, model: str, purpose: str, **more: int | float | None) -> None:
    values = {
        "prompt_tokens": 100, "completion_tokens": 10, "cached_tokens": 50, "estimated": False, "cost": 0.5,
    } | more  # fmt: skip
    session.add(UsageRow(purpose=purpose, model=model, created_at=now, **values))


def _answer(session: Session, place: Place, now: datetime) -> None:
    turn = ask(session, place, say(session, place, "What time is it?", now), now)
    for _ in range(2):  # a tool, and what it told
        _paid(session, now, "small", "reply", turn_id=turn.id)


def _spend(session: Session) -> None:
    place = settle(session, ANN, PRIVATE, START)
    place.conversation.application = "shop"
    for days in (9, 2, 0):
        _answer(session, place, START - timedelta(days=days))
    _paid(session, START - timedelta(days=2), "large", "summary", cost=None, user_id=place.user.id)
    _paid(session, START - timedelta(hours=10), "small", "summary")


async def _summed(database: Database, clock: ManualClock) -> None:
    job = ClaimedJob(1, SUM, "background", "statistics", {}, 1, None, clock.now())
    await InstanceNumbers(database, clock).sum_usage(job)


async def test_summing_changes_no_sum(database: Database, clock: ManualClock) -> None:
    await database.write(_spend)
    extents = (EVERYBODY, Extent("shop"), Extent("other"))

    def sums(session: Session) -> list[object]:
        first = TODAY - timedelta(days=3)
        return [*(usage.used_for(session, e) for e in extents), usage.by_day(session, first, TODAY)]

    before = await database.read(sums)
    everybody, shop, other, days = before
    assert [(one.model, one.purpose, one.used) for one in everybody] == [  # type: ignore[attr-defined]
        ("large", "summary", Used(1, 0, 100, 10, 50, 0.0)),
        ("small", "reply", Used(6, 3, 600, 60, 300, 3.0)),
        ("small", "summary", Used(1, 0, 100, 10, 50, 0.5)),
    ]
    assert [(one.model, one.used.calls) for one in shop] == [("small", 6)]  # type: ignore[attr-defined]
    assert other == []
    assert [used.calls for _, used in days] == [0, 3, 1, 2]  # type: ignore[attr-defined]
    await _summed(database, clock)
    await _summed(database, clock)
    summed = await database.read(lambda s: sorted(set(s.scalars(select(UsageDay.day)))))
    assert summed == [TODAY - timedelta(days=days) for days in (9, 2, 1)], "not of a day that goes on"
    assert await database.read(sums) == before
    clock.advance(86_400)
    await _summed(database, clock)
    assert await database.read(sums) == before
    await database.write(lambda s: _paid(s, clock.now(), "small", "reply"))
    await _summed(database, clock)
    small = (await database.read(lambda s: usage.used_for(s, EVERYBODY)))[1]
    assert small.used.calls == 7


async def test_a_day_is_not_summed_at_once(database: Database) -> None:
    clock = ManualClock(START.replace(hour=0, minute=30))
    await database.write(lambda s: _paid(s, clock.now() - timedelta(hours=2), "small", "reply"))
    await _summed(database, clock)
    assert await database.read(lambda s: list(s.scalars(select(UsageDay)))) == []
    clock.advance(3600)
    await _summed(database, clock)
    assert len(await database.read(lambda s: list(s.scalars(select(UsageDay))))) == 1
