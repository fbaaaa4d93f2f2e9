"""What falls due, where, and once; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.core.jobs import NewJob
from bot.core.messages import ChatRef
from bot.db.engine import Database
from bot.db.models import Conversation, Job, Message, Summary
from bot.db.repositories import jobs, summaries, summary_sources, talk
from bot.db.repositories.summaries import NewSummary, Period, Place
from bot.jobs.schedule import Tick, Ticker
from tests.db.test_plans import plans, scans
from tests.summaries.town import DAY
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

WEEKLY = Period("recent", 7 * DAY, 3 * DAY, 1024)
TOPIC = replace(GROUP, topic_id=7)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def place_of(session: Session, ref: ChatRef = GROUP) -> Place:
    return Place(settle(session, ANN, ref, START).chat.id, ref.topic_id or 0)


def due(session: Session, days: float, limit: int = 50) -> list[Place]:
    found = summaries.due(session, WEEKLY, at(days), limit)
    return [Place(job.payload["chat_id"], job.payload["topic_id"]) for job in found]


def summarise(session: Session, place: Place, days: float) -> bool:
    new = NewSummary("recent", f"until {days}", 3, at(days - 7), at(days), "m")
    return summaries.replace(session, place, new, at(days))


async def test_the_first_is_due_an_interval_after_the_first_message_then_after_the_last_run(
    database: Database,
) -> None:
    def unit(session: Session) -> None:
        place = settle(session, ANN, GROUP, at(-20))
        here = Place(place.chat.id)
        assert due(session, 1) == []
        say(session, place, "first", at(0))
        assert due(session, 2.9) == []
        assert due(session, 3) == [here]
        assert summarise(session, here, 3)
        assert due(session, 6.5) == [], "nobody said anything since"
        say(session, place, "second", at(3.5))
        assert due(session, 5.9) == []
        assert due(session, 6) == [here]
        assert due(session, 10.6) == [], "what was said has left the period"

    await database.write(unit)


async def test_chats_and_topics_stand_for_themselves_the_longest_overdue_first(database: Database) -> None:
    def unit(session: Session) -> None:
        refs = (TOPIC, GROUP, PRIVATE)
        for n, ref in enumerate(refs):
            say(session, settle(session, ANN, ref, at(0)), "hello", at(n * 0.1))
        places = [place_of(session, ref) for ref in refs]
        assert due(session, 4) == places
        assert due(session, 4, limit=2) == places[:2]
        summarise(session, places[0], 4)
        assert due(session, 4) == places[1:]
        assert {place.lane("recent") for place in places} == {
            f"summary:recent:{p.chat_id}:{p.topic_id}" for p in places
        }

    await database.write(unit)


UNKEPT: tuple[dict[str, Any], ...] = (
    {"incognito": True}, {"deleted_at": START}, {"status": "deleted"}, {"cleared_at": START},
)  # fmt: skip


async def test_nothing_is_made_of_what_is_not_to_be_kept(database: Database) -> None:
    def unit(session: Session) -> None:
        place = settle(session, ANN, GROUP, at(0))
        say(session, place, "secret", at(0))
        for values in UNKEPT:
            assert due(session, 4)
            with session.begin_nested() as savepoint:
                session.execute(update(Conversation).values(**values))
                assert due(session, 4) == []
                assert summary_sources.stretches(session, Place(place.chat.id), at(-3), at(4)) == []
                savepoint.rollback()

    await database.write(unit)


async def test_what_lies_behind_a_clear_is_left_until_it_is_opened_again(database: Database) -> None:
    def begin(session: Session, days: float, *texts: str) -> Conversation:
        place = settle(session, ANN, GROUP, at(days))
        for text in texts:
            say(session, place, text, at(days))
        return place.conversation

    def texts(session: Session, place: Place) -> list[str]:
        among = summary_sources.stretches(session, place, at(-3), at(4))
        return [said.text for said in summary_sources.said(session, among, 0, 50)]

    def unit(session: Session) -> None:
        old, place = begin(session, 0, "old"), place_of(session)
        talk.archive(session, old, at(0.2), cleared=False)  # /new
        cleared = begin(session, 0.3, "cleared")
        assert texts(session, place) == ["old", "cleared"]
        assert summarise(session, place, 0.5)
        talk.archive(session, cleared, at(1), cleared=True)
        assert session.scalars(select(Summary)).all() == []
        assert (due(session, 4), texts(session, place)) == ([], [])
        fresh = begin(session, 2, "fresh")
        assert due(session, 4) == [], "the interval begins anew"
        assert due(session, 5) == [place]
        assert texts(session, place) == ["fresh"]
        talk.archive(session, fresh, at(3), cleared=False)
        old.status = "active"
        session.flush()
        assert texts(session, place) == ["old", "fresh"]

    await database.write(unit)


async def test_messages_of_the_time_are_found_in_order_without_those_that_expire(database: Database) -> None:
    def unit(session: Session) -> None:
        place = settle(session, ANN, GROUP, at(0))
        for n in range(300):
            say(session, place, f"m{n}", at(n / 10), content_type="voice" if n == 205 else "text")
        no = place.conversation.no
        gone = [message_id(no, n + 1) for n in (*range(100, 150), 201)]
        session.query(Message).where(Message.id.in_(gone[:-1])).delete()
        session.execute(update(Message).where(Message.id == gone[-1]).values(expires_at=at(400)))
        for day in (0, 3, 7, 12, 16, 19, 24, 28, 29):
            begins = summary_sources.stretches(session, Place(place.chat.id), at(day), at(30))
            first = summary_sources.said(session, begins, 0, 1)[0]
            assert first.text == f"m{150 if day == 12 else day * 10}"
        among = summary_sources.stretches(session, Place(place.chat.id), at(20), at(21))
        assert among[0].first >= message_id(no, 200 - 70)
        found = summary_sources.said(session, among, 0, 50)
        assert [said.text for said in found] == [f"m{n}" for n in range(200, 210) if n != 201]
        behind = summary_sources.said(session, among, found[3].id, 2)
        assert [said.text for said in behind] == ["m205", "m206"]

    await database.write(unit)


async def test_two_looks_at_once_begin_one_run_and_a_failed_one_waits_an_interval(
    database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        for day in (0, 5):
            say(session, settle(session, BOB, GROUP, at(0)), "hello", at(day))

    await database.write(unit)
    tick = Tick("summaries", 600, lambda s, now: summaries.due(s, WEEKLY, now, 50))
    tickers = [Ticker(database, clock, [tick]) for _ in range(4)]

    async def look(days: int) -> int:
        clock.advance(days * 86400)
        return sum(await asyncio.gather(*(ticker.look(tick) for ticker in tickers)))

    async def fail() -> None:
        query = select(Job.id).where(Job.status == "queued")
        job = await database.read(lambda s: s.scalars(query).one())
        await database.write(lambda s: jobs.bury(s, job, "refused", clock.now()))

    assert await look(3) == 1
    assert await look(3) == 0, "the run is under way"
    await fail()
    assert await look(0) == 1
    await fail()
    assert await look(2) == 0
    assert await look(1) == 1


async def test_a_later_summary_stays_and_a_restart_takes_its_jobs_too(database: Database) -> None:
    def unit(session: Session) -> None:
        place, topic, other = (place_of(session, ref) for ref in (GROUP, TOPIC, PRIVATE))
        assert summarise(session, place, 6)
        assert not summarise(session, place, 3)
        assert not summarise(session, place, 6)
        assert summarise(session, place, 9)
        assert (row := summaries.find(session, place, "recent")) is not None
        assert (row.text, row.cursor_at, row.created_at) == ("until 9", at(9), at(9))
        for one in (place, topic, other):
            summarise(session, one, 10)
            job = NewJob(summaries.JOB, "background", one.lane("recent"), {}, str(one))
            jobs.enqueue(session, [job], START)
        summaries.restart(session, place.chat_id, 0)
        assert len(session.scalars(select(Job)).all()) == 2
        assert summaries.find(session, place, "recent") is None
        assert summaries.find(session, topic, "recent") is not None
        summaries.restart(session, place.chat_id)
        (left,) = session.scalars(select(Job.lane)).all()
        assert left == other.lane("recent")
        assert session.scalars(select(Summary.chat_id)).all() == [other.chat_id]

    await database.write(unit)


async def test_reading_goes_by_indexes(database: Database) -> None:
    def unit(session: Session) -> None:
        place = settle(session, ANN, GROUP, at(0))
        for n in range(5):
            say(session, place, f"m{n}", at(n), reply_to=message_id(place.conversation.no, n) if n else None)
        here = Place(place.chat.id)
        among = summary_sources.stretches(session, here, at(1), at(4))
        looks: list[Callable[[Session], object]] = [
            lambda s: summary_sources.stretches(s, here, at(1), at(4)),
            lambda s: summary_sources.said(s, among, 0, 50),
            lambda s: summary_sources.last_own(s, among, place.user.id),
            lambda s: summaries.last_cleared(s, here),
            lambda s: summaries.find(s, here, "recent"),
        ]
        for look in looks:
            assert scans(plans(session, look)) == []

    await database.write(unit)
