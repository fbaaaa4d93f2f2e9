"""The ticker: it only enqueues, catches up after downtime, and looks twice without harm."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.db.engine import Database
from bot.db.models import Job, Meta
from bot.db.repositories import people
from bot.jobs.schedule import Tick, Ticker
from tests.support.clock import START, ManualClock
from tests.support.waiting import until


def due_reminders(session: Session, now: datetime) -> Sequence[NewJob]:
    """Due times stand in a table of ours."""
    rows = session.scalars(select(Meta).where(Meta.updated_at <= now).order_by(Meta.key))
    return [NewJob("remind", "background", row.key, dedup_key=f"remind:{row.key}") for row in rows]


async def keys(database: Database) -> list[str | None]:
    return list(await database.read(lambda s: s.scalars(select(Job.dedup_key).order_by(Job.id)).all()))


async def plan(database: Database, *minutes: int) -> None:
    def unit(session: Session) -> None:
        for minute in minutes:
            due = START + timedelta(minutes=minute)
            people.set_meta(session, f"m{minute}", {}, due)

    await database.write(unit)


async def test_what_fell_due_while_down_is_enqueued_at_the_start_once(
    database: Database, clock: ManualClock
) -> None:
    await plan(database, 1, 2, 30)
    clock.advance(600)
    tick = Tick("reminders", 3600, due_reminders)
    for _ in range(2):  # two lives
        ticker = Ticker(database, clock, [tick])
        await ticker.start()
        ticker.close()
    assert await keys(database) == ["remind:m1", "remind:m2"]
    tickers = [Ticker(database, clock, [tick]) for _ in range(4)]
    clock.advance(3600)
    looks = await asyncio.gather(*(ticker.look(tick) for ticker in tickers))
    assert sorted(looks) == [0, 0, 0, 1], "four replicas look at once"
    assert await keys(database) == ["remind:m1", "remind:m2", "remind:m30"]


async def test_it_looks_again_at_its_interval_and_stops_when_closed(
    sqlite_database: Database, clock: ManualClock
) -> None:
    ticker = Ticker(sqlite_database, clock, [Tick("reminders", 0.05, due_reminders)])
    await ticker.start()
    await plan(sqlite_database, 0)

    async def enqueued() -> bool:
        return bool(await keys(sqlite_database))

    await until(enqueued)
    ticker.close()
    ticker.close()
    await asyncio.sleep(0.1)
    await sqlite_database.write(lambda s: people.set_meta(s, "late", {}, START))
    await asyncio.sleep(0.15)
    assert await keys(sqlite_database) == ["remind:m0"]


async def test_a_broken_finder_stops_neither_the_start_nor_the_others(
    sqlite_database: Database, clock: ManualClock
) -> None:
    def broken(_: Session, __: datetime) -> Sequence[NewJob]:
        raise LookupError("no such thing")

    await plan(sqlite_database, 0)
    ticker = Ticker(sqlite_database, clock, [Tick("broken", 60, broken), Tick("r", 60, due_reminders)])
    await ticker.start()
    ticker.close()
    assert await keys(sqlite_database) == ["remind:m0"]
