"""How far people were read: what is noted, what falls due, and the jobs that come of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import RetryLater
from bot.core.jobs import ClaimedJob
from bot.db.engine import Database
from bot.db.models import Conversation, ExtractionMark, Job, Message
from bot.db.repositories import extraction, jobs
from bot.memory.extraction import KIND, RETRIES, find_due
from bot.services.memories import Memories
from tests.extraction.room import Room, answer, fact
from tests.support.clock import START, ManualClock
from tests.support.llm_steps import FAULTS, Text
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

HOUR = 3600


async def due(room: Room, hours: float = 0) -> list[tuple[int, int]]:
    at = room.clock.now() + timedelta(hours=hours)
    rows = await room.database.read(lambda s: extraction.due(s, at))
    return [(row.user_id, row.waiting_tokens) for row in rows]


async def test_much_is_read_at_once_some_after_quiet_little_after_a_day(room_on_both: Room) -> None:
    room = room_on_both
    ann, bob = (await room.place()).user.id, (await room.place(BOB, GROUP)).user.id
    await room.say("a few words", tokens=95)
    assert await due(room, 23.9) == []
    assert await due(room, 24.1) == [(ann, 95)]
    await room.say("a few more", tokens=1)
    assert await due(room, 0.4) == []
    assert await due(room, 0.51) == [(ann, 96)]
    await room.say("a great deal", tokens=415, person=BOB, chat=GROUP)
    # In a group a lull is no reason.
    assert await due(room, 0.6) == [(ann, 96)]
    await room.say("another great deal", tokens=97, person=BOB, chat=GROUP)
    assert await due(room) == [(bob, 512)]
    assert await due(room, 0.6) == [(ann, 96), (bob, 512)]


async def test_only_own_lasting_words_are_noted(room: Room) -> None:
    await room.say("forwarded", forwarded_from="Bob", tokens=900)
    await room.say("", content_type="sticker", tokens=900)
    await room.say("the bot's", direction="outgoing", tokens=900)
    rows = await room.database.read(lambda s: list(s.scalars(select(ExtractionMark))))
    assert rows == []
    [own] = await room.say("own words", tokens=7)
    mark = await room.mark()
    assert (mark.waiting_tokens, mark.upto_id, mark.waiting_since) == (7, own - 1, mark.last_at)


async def test_twenty_messages_at_once_are_all_counted(database: Database) -> None:
    def one(session: Session, n: int) -> None:
        place = settle(session, ANN, PRIVATE, START)
        message = say(session, place, f"message {n}", START + timedelta(seconds=n), token_count=n)
        extraction.note_said(session, message, place.conversation, place.user.id)

    await database.write(lambda s: settle(s, ANN, PRIVATE, START))
    await asyncio.gather(*(database.write(lambda s, n=n: one(s, n)) for n in range(20)))  # type: ignore[misc]
    [mark] = await database.read(lambda s: list(s.scalars(select(ExtractionMark))))
    assert mark.waiting_tokens == sum(range(20))

    def halfway(session: Session) -> int:
        row = extraction.mark_of(session, mark.conversation_no, mark.user_id, lock=True)
        assert row is not None
        ids = list(session.scalars(select(Message.id).order_by(Message.id)))
        extraction.move(session, row, ids[9])
        return sum(session.scalars(select(Message.token_count).where(Message.id > ids[9])))

    left = await database.write(halfway)
    [mark] = await database.read(lambda s: list(s.scalars(select(ExtractionMark))))
    assert (mark.waiting_tokens, mark.waiting_since is None) == (left, False)


async def test_two_looks_enqueue_one_job_a_lane_each(room_on_both: Room) -> None:
    room = room_on_both
    await room.say("a great deal", tokens=600)
    await room.say("a great deal", tokens=600, person=BOB, chat=GROUP)
    now = room.clock.now()
    added = await asyncio.gather(
        *(room.database.write(lambda s: jobs.enqueue(s, find_due(s, now), now)) for _ in range(3))
    )
    assert sum(added) == 2
    rows = await room.database.read(lambda s: list(s.scalars(select(Job))))
    assert {row.kind for row in rows} == {KIND}
    assert {row.pool for row in rows} == {"background"}
    assert len({row.lane for row in rows}) == 2


def claimed(room: Room, new: dict[str, int], attempts: int = 1) -> ClaimedJob:
    return ClaimedJob(1, KIND, "background", "lane", new, attempts, None, room.clock.now())


async def test_a_failing_model_is_asked_again_then_later_and_loses_nothing(room: Room) -> None:
    await room.say("I keep bees in the garden", tokens=600)
    now = room.clock.now()
    [job] = await room.database.read(lambda s: find_due(s, now))
    place = job.payload
    room.llm.default(lambda body: FAULTS["429-long"])
    for attempt in range(1, RETRIES.attempts):
        try:
            await room.extractor.work(claimed(room, place, attempt))
        except RetryLater:
            continue
        raise AssertionError("it should be tried again")
    await room.extractor.work(claimed(room, place, RETRIES.attempts))
    assert (await room.mark()).waiting_tokens == 600
    # The same words come again under another key, but not at once.
    [again] = await room.database.read(lambda s: find_due(s, now + timedelta(hours=6)))
    assert again.dedup_key != job.dedup_key
    assert again.payload == place
    room.llm.default(lambda body: answer(fact("Keeps bees", "I keep bees in the garden")))
    await room.extractor.work(claimed(room, place))
    assert await room.valid() == ["Keeps bees"]
    # A job of the past has nothing to do any more.
    await room.say("and more of it", tokens=600)
    asked = len(room.llm.requests)
    await room.extractor.work(claimed(room, place))
    assert len(room.llm.requests) == asked


async def test_an_unreadable_answer_is_tried_again_then_passed_by(room: Room) -> None:
    await room.say("I keep bees in the garden", tokens=600)
    [job] = await room.database.read(lambda s: find_due(s, room.clock.now()))
    room.llm.default(lambda body: Text("I would rather chat.", usage=(5, 5)))
    try:
        await room.extractor.work(claimed(room, job.payload))
    except RetryLater:
        assert (await room.mark()).waiting_tokens == 600
    else:
        raise AssertionError("it should be tried again")
    await room.extractor.work(claimed(room, job.payload, RETRIES.attempts))
    assert (await room.mark()).waiting_since is None


async def test_a_pause_forgets_what_waits(room: Room) -> None:
    await room.say("I keep bees in the garden", tokens=600)
    service = Memories(room.database, room.clock, 50)
    assert await service.set_paused(ANN, True)
    assert (await room.mark()).waiting_since is None
    await room.say("I keep bees in the garden", tokens=600)
    assert await service.set_paused(ANN, False)
    assert (await room.mark()).waiting_since is None
    assert await room.read() == []


async def test_messages_with_an_end_and_deleted_conversations_are_not_read(
    room: Room, clock: ManualClock
) -> None:
    await room.say("I keep bees in the garden")
    place = await room.place()

    def end(session: Session) -> None:
        session.get_one(Conversation, place.conversation.no).status = "deleted"

    await room.database.write(end)
    place_no, user = place.conversation.no, place.user.id
    outcomes = await room.extractor.extract_now(place_no, user)
    assert [outcome.ending for outcome in outcomes] == ["skipped", "nothing"]
    assert await room.extractor.extract_now(999, user) == [outcomes[-1]]
