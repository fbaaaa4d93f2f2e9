"""Incognito conversations in storage: begun and ended once, at rest, and begun anew within."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob, NewJob
from bot.db.engine import Database
from bot.db.models import Conversation, DialogueState, Job, Message, Summary
from bot.db.repositories import people, talk
from bot.services.conversations import Conversations
from bot.services.incognito import HOURS, JOB, Incognito, due_erasures
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, GROUP, PRIVATE, say, settle


def states(session: Session) -> list[tuple[str, bool, int]]:
    rows = session.scalars(select(Conversation).order_by(Conversation.no))
    return [(row.status, row.incognito, row.message_count) for row in rows]


def claimed(job: NewJob) -> ClaimedJob:
    return ClaimedJob(1, JOB, "background", job.lane, job.payload, 1, None, START)


async def queued(database: Database) -> list[ClaimedJob]:
    jobs = await database.read(lambda s: s.scalars(select(Job).where(Job.kind == JOB)).all())
    return [ClaimedJob(j.id, j.kind, "background", j.lane, j.payload, 1, None, START) for j in jobs]


async def test_a_command_counts_once_and_the_talk_before_goes_on(
    database: Database, clock: ManualClock
) -> None:
    service = Incognito(database, clock)
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, START), "before", START).id)
    for _ in range(2):
        assert await service.toggle(PRIVATE, ANN, "u:1") == "begun"
    assert await database.read(states) == [("archived", False, 1), ("active", True, 0)]

    def talk_there(session: Session) -> None:
        place = settle(session, ANN, PRIVATE, START)
        say(session, place, "hidden", START)
        soon = START + timedelta(hours=1)
        session.add(
            DialogueState(
                user_id=place.user.id, chat_id=place.chat.id, type="waiting_for_info", data={"x": "hidden"},
                created_at=START, updated_at=START, expires_at=soon,
            )
        )  # fmt: skip

    await database.write(talk_there)
    for _ in range(2):
        assert await service.toggle(PRIVATE, ANN, "u:2") == "ended"
    assert await database.read(states) == [("active", False, 1), ("deleted", True, 1)]
    (job,) = await queued(database)
    assert job.lane == f"turn:{job.payload['conversation_no']}"  # behind the last answer
    await service.erase(job)
    await service.erase(job)
    assert await database.read(states) == [("active", False, 1)]
    assert await database.read(lambda s: s.scalars(select(Message.content)).all()) == ["before"]
    assert await database.read(lambda s: s.scalar(select(func.count()).select_from(DialogueState))) == 0


async def test_what_rests_is_erased_and_stays_incognito(database: Database, clock: ManualClock) -> None:
    service = Incognito(database, clock)
    await service.toggle(PRIVATE, ANN, "u:1")
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, START), "hidden", START).id)
    assert await database.read(lambda s: due_erasures(s, START + timedelta(hours=HOURS))) == []
    (job,) = await database.read(lambda s: due_erasures(s, START + timedelta(hours=HOURS, seconds=1)))
    await service.erase(claimed(job))
    assert await database.read(states) == [("active", True, 1)]  # not yet
    clock.advance(HOURS * 3600 + 1)
    await service.erase(claimed(job))
    assert await database.read(states) == [("active", True, 0)]
    assert await database.read(lambda s: due_erasures(s, clock.now())) == []


async def test_starting_anew_within_it_stays_incognito(database: Database, clock: ManualClock) -> None:
    def summarised(session: Session) -> None:
        chat = settle(session, ANN, PRIVATE, START).chat
        session.add(
            Summary(
                chat_id=chat.id, topic_id=0, kind="recent", text="s", token_count=1, model="m",
                period_start=START, period_end=START, cursor_at=START, created_at=START,
            )
        )  # fmt: skip

    await database.write(summarised)
    await Incognito(database, clock).toggle(PRIVATE, ANN, "u:1")
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, START), "hidden", START).id)
    await Conversations(database, clock).clear(PRIVATE, ANN)
    assert await database.read(states) == [
        ("archived", False, 0),
        ("deleted", True, 1),
        ("active", True, 0),
    ]
    assert await database.read(lambda s: s.scalar(select(Summary.text))) == "s"
    for job in await queued(database):
        await Incognito(database, clock).erase(job)
    await Incognito(database, clock).toggle(PRIVATE, ANN, "u:2")
    for job in await queued(database):
        await Incognito(database, clock).erase(job)
    assert await database.read(states) == [("active", False, 0)]


async def test_an_ordinary_conversation_is_never_erased(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> int:
        place = settle(session, ANN, GROUP, START)
        say(session, place, "kept", START)
        talk.archive(session, place.conversation, START, cleared=True)
        people.upsert_user(session, ANN, START)
        return place.conversation.no

    number = await database.write(unit)
    clock.advance(10 * HOURS * 3600)
    assert await database.read(lambda s: due_erasures(s, clock.now())) == []
    job = NewJob(JOB, "background", "l", {"conversation_no": number})
    await Incognito(database, clock).erase(claimed(job))
    assert await database.read(states) == [("archived", False, 1)]
