"""The summary of a conversation so far: when it is renewed, from what, and what it must not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context.summary_running import due_after_turn, window_edge
from bot.core.ids import message_id
from bot.core.jobs import NewJob
from bot.core.trace import ContextTrace, LayerTrace
from bot.db.engine import Database
from bot.db.models import Conversation, Message, UsageRow
from bot.db.repositories import jobs, running_summaries
from bot.settings import Settings
from tests.summaries.town import (
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
from tests.support.llm_server import ScriptedLLM, Text
from tests.support.people import ANN, GROUP, Place, settle
from tests.support.waiting import until


def settings(**more: Any) -> Settings:
    return Settings(access="open", **more)


def long_talk(session: Session, count: int, words: str = "") -> Place:
    """A conversation that is so many messages longer."""
    place = settle(session, ANN, GROUP, START)
    first = session.scalars(
        select(Conversation.next_seq).where(Conversation.no == place.conversation.no)
    ).one()
    said = [(START, place, f"FACT-{first + n}-Ann {words}") for n in range(count)]
    talk_much(session, place, said)
    session.flush()
    return place


def upto(found: list[NewJob]) -> int | None:
    (job,) = found or (None,)
    return None if job is None else job.payload["upto"]


async def test_it_is_due_once_messages_have_left_and_then_every_forty(database: Database) -> None:
    def unit(session: Session) -> None:
        no = long_talk(session, 20).conversation.no
        assert due_after_turn(session, no, 5, settings()) == [], "not more than twenty"
        long_talk(session, 1)
        assert due_after_turn(session, no, 1, settings()) == [], "nothing has left"
        assert upto(due_after_turn(session, no, 5, settings())) == 4
        assert running_summaries.write_on(session, no, ("", 0), ("They met.", 4))
        session.flush()
        assert due_after_turn(session, no, 44, settings()) == []
        assert upto(due_after_turn(session, no, 45, settings())) == 44
        assert not running_summaries.write_on(session, no, ("", 0), ("Other", 9))
        running_summaries.forget(session, no)
        assert upto(due_after_turn(session, no, 5, settings())) == 4

    await database.write(unit)


async def test_each_strategy_has_its_own_window(database: Database) -> None:
    def unit(session: Session) -> None:
        no = long_talk(session, 130).conversation.no
        assert upto(due_after_turn(session, no, 1, settings(context_strategy="summary"))) == 120
        assert upto(due_after_turn(session, no, None, settings())) == 30
        for strategy in ("window", "important"):
            assert due_after_turn(session, no, 50, settings(context_strategy=strategy)) == []

    await database.write(unit)


async def test_nothing_is_kept_of_what_is_not_to_be_kept(database: Database) -> None:
    def unit(session: Session) -> None:
        no = long_talk(session, 60).conversation.no
        for values in ({"incognito": True}, {"status": "deleted"}, {"cleared_at": START}):
            assert due_after_turn(session, no, 50, settings())
            with session.begin_nested() as savepoint:
                session.execute(update(Conversation).values(values))
                assert due_after_turn(session, no, 50, settings()) == []
                assert not running_summaries.write_on(session, no, ("", 0), ("They met.", 4))
                savepoint.rollback()

    await database.write(unit)


async def test_messages_past_the_longest_conversation_leave_the_window_in_steps(database: Database) -> None:
    def begins(session: Session, no: int) -> int:
        due_after_turn(session, no, None, settings(conversation_max_messages=100))
        return session.scalars(select(Conversation.window_from_seq).where(Conversation.no == no)).one()

    def unit(session: Session) -> None:
        no = long_talk(session, 100).conversation.no
        assert begins(session, no) == 1
        edges = []
        for _ in range(12):
            long_talk(session, 1)
            edges.append(begins(session, no))
        assert edges == [7] * 6 + [13] * 6
        assert session.query(Message).count() == 112
        assert upto(due_after_turn(session, no, 1, settings(conversation_max_messages=100))) == 12

    await database.write(unit)


def test_the_trace_tells_where_the_window_began() -> None:
    def edge(*layers: LayerTrace) -> int | None:
        return window_edge(ContextTrace(layers))

    ids = [message_id(9, n) for n in range(1, 6)]
    other = LayerTrace("facts", 1, 1, (3,))
    assert edge(other, LayerTrace("history", 1, 1, tuple(ids[2:]), tuple(ids[:2]))) == 3
    assert edge(LayerTrace("history", 0, 0, (), tuple(ids))) == 6
    assert edge(LayerTrace("history", 0, 0)) is None
    assert edge(other) is None


async def renew(home: House, no: int, last: int) -> None:
    """What the turn flow does in its last transaction, and then the worker."""
    now = home.clock.now()

    def unit(session: Session) -> None:
        due = due_after_turn(session, no, last + 1, home.app.settings)
        assert due
        jobs.enqueue(session, [*due, *due], now)

    await home.app.database.write(unit)
    await home.drained()


async def stored(home: House, no: int) -> tuple[str | None, int]:
    def unit(session: Session) -> tuple[str | None, int]:
        row = session.get_one(Conversation, no)
        return row.context_summary, row.summary_upto_seq

    return await home.app.database.read(unit)


async def test_it_is_written_on_from_what_it_was_and_only_what_has_left_since(
    database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    async with house(database_url, tmp_path, llm, clock, recent_summary_tokens=2048) as home:
        no = await home.app.database.write(lambda s: long_talk(s, 60).conversation.no)
        await renew(home, no, 25)
        first, end = await stored(home, no)
        assert (end, len((first or "").split("\n"))) == (25, 25)
        await home.app.database.write(lambda s: long_talk(s, 60))
        await renew(home, no, 65)
        assert [len(transcript_of(r.body)) for r in llm.requests] == [25, 40]
        assert notes_of(llm.requests[1].body) == (first or "").split("\n")
        text, end = await stored(home, no)
        assert end == 65
        assert [f"FACT-{n}-Ann" in (text or "") for n in (1, 65, 66)] == [True, True, False]
        assert llm.requests[0].body["max_tokens"] == 2560
        assert "You keep the summary" in system_of(llm.requests[0].body)
        rows = await home.app.database.read(lambda s: list(s.scalars(select(UsageRow.purpose))))
        assert rows == ["context_summary"] * 2


async def test_a_long_way_goes_in_chunks_each_kept_at_once(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    def short(body: dict[str, Any]) -> Text:
        """The last three facts: what is kept must stay small."""
        return Text("\n".join(str(keeper(body).text).split("\n")[-3:]), chunks=1)

    llm.script(short, short, Text("Sorry, I cannot do that."))
    async with house(sqlite_database_url, tmp_path, llm, clock, context_max_tokens=2000) as home:
        no = await home.app.database.write(lambda s: long_talk(s, 100, "and so on " * 20).conversation.no)
        await renew(home, no, 90)
        text, half = await stored(home, no)
        assert 20 < half < 80
        assert f"FACT-{half}-Ann" in (text or "")
        llm.default(short)
        clock.advance(301)
        await home.drained()
        text, end = await stored(home, no)
        assert end == 90
        assert "FACT-90-Ann" in (text or "")
        told = [line for r in llm.requests if r is not llm.requests[2] for line in transcript_of(r.body)]
        assert len(told) == 90
        assert all(home.app.tokens.count_messages(r.body["messages"]) <= 2000 for r in llm.requests)


async def test_an_over_long_one_is_said_again_shorter_or_cut(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    async with house(sqlite_database_url, tmp_path, llm, clock, recent_summary_tokens=128) as home:
        no = await home.app.database.write(lambda s: long_talk(s, 100).conversation.no)
        llm.script(Text("word " * 150), Text("Short."))
        await renew(home, no, 25)
        assert await stored(home, no) == ("Short.", 25)
        assert "word word" in content_of(llm.requests[1].body)
        llm.script(Text("word " * 150), Text("", finish="length"))
        await renew(home, no, 70)
        text, end = await stored(home, no)
        assert end == 70
        assert 90 < home.app.tokens.count(text or "") <= 128


async def test_one_that_is_being_written_is_dropped_when_somebody_is_erased(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    """Also the first one of a conversation, which looks as if nothing had happened."""
    llm.script(Text("They spoke of a FACT-1-Ann.", chunks=20, delay=0.05))
    async with house(sqlite_database_url, tmp_path, llm, clock) as home:
        no = await home.app.database.write(lambda s: long_talk(s, 60).conversation.no)
        now = clock.now()
        await home.app.database.write(
            lambda s: jobs.enqueue(s, due_after_turn(s, no, 26, home.app.settings), now)
        )
        await until(lambda: len(llm.requests) == 1)
        await home.app.database.write(lambda s: running_summaries.forget(s, no))
        await home.drained()
        await until(lambda: not any(worker.busy for worker in home.app.workers))
        assert await stored(home, no) == (None, 0)
        llm.default(keeper)
        await renew(home, no, 25)
        assert (await stored(home, no))[1] == 25, "and it is made again"


async def test_what_was_imported_is_never_summed_up(database: Database) -> None:
    def unit(session: Session) -> None:
        place = long_talk(session, 500)
        running_summaries.leave_out(place.conversation, 400)
        session.flush()
        for _ in range(2):
            assert running_summaries.standing(session, place.conversation.no).upto_seq == 400  # type: ignore[union-attr]
            running_summaries.forget(session, place.conversation.no)

    await database.write(unit)


async def test_a_conversation_that_turns_private_in_the_middle_keeps_nothing(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    async with house(sqlite_database_url, tmp_path, llm, clock, working=False) as home:
        no = await home.app.database.write(lambda s: long_talk(s, 60).conversation.no)
        part = await home.app.database.read(lambda s: running_summaries.standing(s, no))
        assert part is not None
        await home.app.conversations.clear(GROUP, ANN)
        assert not await home.app.database.write(
            lambda s: running_summaries.write_on(s, no, ("", part.upto_seq), ("They met.", 20))
        )
        fresh = await home.app.database.write(lambda s: settle(s, ANN, GROUP, START).conversation.no)
        assert await stored(home, fresh) == (None, 0)
        assert await home.app.database.read(lambda s: running_summaries.text_of(s, fresh)) == ""
