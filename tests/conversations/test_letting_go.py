"""Deleted conversations, old messages and messages with a time: what goes, when, and what stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import (
    Attachment,
    Conversation,
    Job,
    Memory,
    MemorySource,
    Message,
    MessageRef,
    Trace,
    Turn,
    Vector,
)  # fmt: skip
from bot.db.repositories import conversations, ledger, memories, talk
from bot.db.repositories.recall import places
from bot.db.repositories.turn_view import ViewLimits, load_for_chat
from bot.db.search import frequencies
from bot.memory import facts
from bot.memory.indexing import flush
from bot.services.retention import Keeping, Retention
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, GROUP, PRIVATE, Place, ask, say, settle

DAY = 86_400.0


def claimed(new: NewJob) -> ClaimedJob:
    return ClaimedJob(1, new.kind, new.pool, new.lane, new.payload, 1, None, START)


def count(session: Session, table: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def live(session: Session) -> int:
    """A conversation with everything that can hang on one; its number."""
    place = settle(session, ANN, PRIVATE, START)
    message = say(session, place, "I have a rash, and I live in Lviv", START, quote=None)
    talk.refer(session, place.chat.id, ["7"], message.id)
    session.add(Attachment(message_id=message.id, kind="image", file_id="f"))
    session.add(Vector(kind="message", item_id=message.id, owner="c1", model="m", data=b"1"))
    turn = ask(session, place, message, START, status="done")
    ledger.keep_trace(session, turn.id, message.id, [], [{"role": "user", "content": message.content}], START)
    explicit = facts.NewFact("Lives in Lviv", "home", "I live in Lviv", message.id, origin="explicit")
    inferred = facts.NewFact("Has a rash", "health", "I have a rash", message.id, origin="inferred")
    for new in (explicit, inferred):
        facts.save(session, place.scope, new, 50, START)
    return place.conversation.no


async def hidden(database: Database, no: int, now: datetime) -> None:
    def unit(session: Session) -> None:
        row = conversations.locked(session, no)
        assert row is not None
        conversations.hide(session, row, now)

    await database.write(unit)


async def test_a_deleted_conversation_is_hidden_at_once(database: Database, clock: ManualClock) -> None:
    no = await database.write(live)
    await flush(database, [1])
    await hidden(database, no, clock.now())

    def look(session: Session) -> tuple[bool, bytes | None, int]:
        seen = places(session, Scope(1, 1, True), cleared=True)
        return no in seen.hidden, session.scalar(select(Trace.prompt)), count(session, Message)

    assert await database.read(look) == (True, None, 1), "out of search and prompts, rows still there"
    jobs = await database.read(lambda s: s.scalars(select(Job.kind)).all())
    assert jobs == [conversations.UNSEE]


async def test_after_its_grace_nothing_is_left(database: Database, clock: ManualClock) -> None:
    no = await database.write(live)
    await flush(database, [1])
    await hidden(database, no, clock.now())
    retention = Retention(database, clock, Keeping(grace_days=30))
    clock.advance(29 * DAY)
    assert await database.write(lambda s: retention.due_purges(s, clock.now())) == []
    early = NewJob("", "background", "", {"conversation_no": no})
    await retention.purge(claimed(early))
    assert await database.read(lambda s: count(s, Message)) == 1, "too early"
    assert (await database.read(lambda s: frequencies(s, [1], ["rash"])))["rash"] == 1
    clock.advance(2 * DAY)
    [job] = await database.write(lambda s: retention.due_purges(s, clock.now()))
    await retention.purge(claimed(job))

    def look(session: Session) -> list[int]:
        tables = (Message, MessageRef, Attachment, Vector, Turn, Trace, Conversation)
        return [count(session, table) for table in tables]

    assert await database.read(look) == [0] * 7
    assert await database.read(lambda s: frequencies(s, [1], ["rash", "lviv"])) in (
        {},
        {"rash": 0, "lviv": 0},
    )
    await database.write(lambda s: memories.purge_deleted(s, clock.now() + timedelta(days=1)))
    left = await database.read(lambda s: s.execute(select(Memory.text, Memory.origin)).all())
    assert [tuple(row) for row in left] == [("Lives in Lviv", "explicit")]
    assert await database.read(lambda s: count(s, MemorySource)) == 0, "without its quote"
    assert await database.write(lambda s: retention.due_purges(s, clock.now())) == []


async def test_it_leaves_the_prompts_of_other_conversations(database: Database, clock: ManualClock) -> None:
    no = await database.write(live)

    def elsewhere(session: Session) -> list[int]:
        """Two answers in a group: one that recalled the first message, one that did not."""
        place = settle(session, ANN, GROUP, START)
        turns = []
        for kept in (["m:" + str(conversation_range(no)[0] + 1)], []):
            turn = ask(session, place, say(session, place, "and?", START), START, status="done")
            layers = [{"name": "recall", "kept": kept}]
            ledger.keep_trace(session, turn.id, None, layers, [{"role": "user", "content": "…"}], START)
            turns.append(turn.id)
        return turns

    turns = await database.write(elsewhere)
    await hidden(database, no, clock.now())
    retention = Retention(database, clock, Keeping())
    await retention.unsee(claimed(NewJob("", "background", "", {"conversation_no": no})))
    prompts = [await database.read(lambda s, id_=id_: ledger.sent_prompt(s, id_)) for id_ in turns]  # type: ignore[misc]
    assert [prompt is None for prompt in prompts] == [True, False]


def year(session: Session) -> Place:
    place = settle(session, ANN, PRIVATE, START)
    for day in range(0, 400, 100):
        say(session, place, f"volcano {day}", START + timedelta(days=day))
    return place


async def swept(database: Database, clock: ManualClock, **keeping: Any) -> Place:
    place = await database.write(year)
    await flush(database, [place.chat.id])
    clock.advance(400 * DAY)  # two of the messages are older than 250 days now
    retention = Retention(database, clock, Keeping(message_days=250, **keeping))
    [job] = await database.write(lambda s: retention.due_sweep(s, clock.now()))
    for _ in range(2):
        await retention.sweep(claimed(job))
    return place


async def window(database: Database, clock: ManualClock) -> list[str]:
    limits = ViewLimits(clock.now())
    view = await database.read(lambda s: load_for_chat(s, PRIVATE, ANN, limits))
    return [message.text for message in view.history]


async def test_old_messages_leave_window_and_recall(database: Database, clock: ManualClock) -> None:
    place = await swept(database, clock, action="archive")
    assert await window(database, clock) == ["volcano 200", "volcano 300"]
    await flush(database, [place.chat.id])
    texts = await database.read(lambda s: s.scalars(select(Message.search_text).order_by(Message.id)).all())
    assert [bool(text) for text in texts] == [False, False, True, True], "and they are not indexed again"
    assert await database.read(lambda s: count(s, Message)) == 4, "rows are kept"


async def test_old_messages_are_deleted_where_that_is_wanted(database: Database, clock: ManualClock) -> None:
    place = await swept(database, clock, action="delete")
    assert await window(database, clock) == ["volcano 200", "volcano 300"]
    row = await database.read(lambda s: s.get_one(Conversation, place.conversation.no))
    assert (await database.read(lambda s: count(s, Message)), row.message_count) == (2, 2)


async def test_an_archived_conversation_goes_with_its_last_message(
    sqlite_database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        talk.archive(session, year(session).conversation, START, cleared=False)

    await sqlite_database.write(unit)
    clock.advance(900 * DAY)
    retention = Retention(sqlite_database, clock, Keeping(action="delete"))
    await retention.sweep(claimed(NewJob("", "background", "")))
    assert await sqlite_database.read(lambda s: count(s, Conversation)) == 0


async def test_expired_messages_are_purged(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        place = settle(session, ANN, PRIVATE, START)
        for minutes in (10, 20, None):
            message = say(session, place, f"code {minutes}", START)
            message.expires_at = None if minutes is None else START + timedelta(minutes=minutes)
        ask(session, place, message, START)
        busy = say(session, place, "code of an answer", START)
        busy.expires_at = START + timedelta(minutes=1)
        ask(session, place, busy, START, status="answering")

    await database.write(unit)
    retention = Retention(database, clock, Keeping())
    assert await database.write(lambda s: retention.due_expiry(s, clock.now())) == []
    clock.advance(15 * 60)
    [job] = await database.write(lambda s: retention.due_expiry(s, clock.now()))
    await retention.expire(claimed(job))
    left = await database.read(lambda s: s.scalars(select(Message.content).order_by(Message.id)).all())
    assert left == ["code 20", "code None", "code of an answer"]
    assert await database.read(lambda s: s.scalar(select(Conversation.message_count))) == 3
