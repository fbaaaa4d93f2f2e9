"""Runs of 7- and 30-day summaries under bad answers, crashes, clears and downtime, in the wired product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.core.messages import ChatRef
from bot.core.scope import Scope
from bot.db.models import Job, Summary, UsageRow
from bot.db.repositories import jobs
from bot.memory.hits import Ask, Kind
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
from tests.support.llm_server import Cut, HttpError, ScriptedLLM, Step, Text
from tests.support.llm_steps import Body
from tests.support.people import ANN, BOB, GROUP, PRIVATE, settle
from tests.support.waiting import until

TOPIC = replace(GROUP, topic_id=7)
SUMMARIES: tuple[Kind, ...] = ("summary",)
GOOD = "- 2026-03-14: Ann told FACT-0-Ann"


@pytest.fixture
async def home(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> AsyncIterator[House]:
    """The product with a small context."""
    async with house(sqlite_database_url, tmp_path, llm, clock, context_max_tokens=2000) as running:
        yield running


async def say_much(home: House, *refs: ChatRef, count: int = 3, words: str = "", mark: str = "FACT") -> None:
    """An hour in which some messages are said in each chat, each with a fact."""
    begin = home.clock.now()

    def unit(session: Session) -> None:
        for ref in refs:
            place = settle(session, ANN, ref, begin)
            said = [(begin + timedelta(seconds=n), place, f"{mark}-{n}-Ann {words}") for n in range(count)]
            talk_much(session, place, said)

    await home.app.database.write(unit)
    home.clock.advance(3600)


async def after(home: House, days: float) -> None:
    home.clock.advance(days * 86400)
    await home.look()


async def text(home: House, kind: str = "recent") -> str | None:
    found = (await home.summaries()).get(kind)
    return found.text if found else None


BAD: dict[str, Step] = {
    "EMPTY": Text(""),
    "REFUSED": Text("I'm sorry, I can't help with that."),
    "CAPPED": Text("- 2026-03-17: Ann told FA", finish="length"),
    "FILTERED": Text("- 2026", finish="content_filter"),
    "BROKEN": Cut("- 2026-03-17: Ann told something", after_chunks=2),
    "ERROR": HttpError(401, "no"),
}


def badly(body: Body) -> Step:
    return next(step for mark, step in BAD.items() if f"{mark}-0-Ann" in content_of(body))


async def test_bad_answers_never_replace_a_good_one(home: House, caplog: pytest.LogCaptureFixture) -> None:
    chats = {mark: replace(GROUP, external_id=f"-{n}") for n, mark in enumerate(BAD, start=1)}

    async def texts() -> set[str]:
        return {row.text for row in await home.app.database.read(lambda s: list(s.scalars(select(Summary))))}

    async def all_say() -> None:
        for mark, chat in chats.items():
            await say_much(home, chat, mark=mark)

    await all_say()
    home.llm.default(lambda _: Text(GOOD))
    await after(home, 3)
    assert await texts() == {GOOD}
    await all_say()
    home.llm.default(badly)
    await after(home, 3)
    for _ in range(5):  # the pauses between its tries
        home.clock.advance(3000)
        await home.drained()
    assert await texts() == {GOOD}
    assert [status for _, status in await home.jobs()] == ["done"] * 6 + ["dead"] * 6
    assert caplog.text.count("stays as it is, the next try is in 3 days") == 6
    booked = await home.app.database.read(lambda s: s.query(UsageRow).count())
    assert booked >= home.llm.paid > 6 + 4 * 5, "bad answers are paid too"
    asked = len(home.llm.requests)
    await after(home, 2)
    assert len(home.llm.requests) == asked, "it is left until the next interval"
    home.llm.default(keeper)
    await after(home, 1)
    assert GOOD not in await texts()
    assert len(await texts()) == 1  # the marks of this test are no facts


async def test_one_bad_answer_is_asked_for_again_more_tersely(home: House) -> None:
    await say_much(home, GROUP)
    home.llm.script(Text("- a long answer that", finish="length"), keeper)
    await after(home, 3)
    assert await text(home) is None
    home.clock.advance(301)
    await home.drained()
    assert "FACT-2-Ann" in (await text(home) or "")
    first, second = (system_of(request.body) for request in home.llm.requests)
    assert "at most 614 words" in first
    assert "at most 307 words" in second


async def test_a_chat_that_fails_stops_no_other_and_no_topic(home: House) -> None:
    def answer(body: Body) -> Step:
        return Text("I cannot do that.") if "BAD-1-Ann" in content_of(body) else keeper(body)

    home.llm.default(answer)
    await say_much(home, GROUP, mark="BAD")
    await say_much(home, TOPIC, PRIVATE)
    await after(home, 3)
    rows = await home.app.database.read(lambda s: list(s.scalars(select(Summary))))
    assert sorted(row.topic_id for row in rows) == [0, 7]
    assert all(set(MARK.findall(row.text)) == {f"FACT-{n}-Ann" for n in range(3)} for row in rows)
    assert all("BAD" not in row.text for row in rows)


async def test_an_over_long_one_is_shortened_by_one_more_call(home: House) -> None:
    long = "\n".join(f"- 2026-03-14: Ann told FACT-{n}-Ann and more of it" for n in range(90))
    await say_much(home, GROUP)
    home.llm.script(Text(long, chunks=1), Text(GOOD))
    await after(home, 3)
    assert await text(home) == GOOD
    assert "FACT-89-Ann" in notes_of(home.llm.requests[1].body)[-1]
    assert len(home.llm.requests) == 2

    await say_much(home, GROUP)
    home.llm.script(Text(long, chunks=1), Text("I'm sorry, I can't."))
    await after(home, 3)
    row = (await home.summaries())["recent"]
    cap = home.llm.requests[-1].body["max_tokens"] / 1.25
    assert 0.8 * cap < row.token_count <= cap, "where that fails it is cut, the oldest first"
    assert row.text.endswith("FACT-89-Ann and more of it")
    assert len(home.llm.requests) == 4


async def test_a_crash_in_the_middle_pays_no_chunk_twice(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    async with house(
        sqlite_database_url, tmp_path, llm, clock, context_max_tokens=2000, working=False
    ) as first:
        await say_much(first, GROUP, count=150, words="and so on " * 12)
        clock.advance(3 * 86400)
        await first.app.ticker.start()
        entry = first.app.jobs.entry("summary.period")
        for _ in range(3):  # the worker dies after each step's commit, before its job is marked as done
            now = clock.now()
            claimed = await first.app.database.write(
                lambda s, now=now: jobs.claim(s, "background", 9, "me", now, now)  # type: ignore[misc]
            )
            (job,) = (job for job in claimed if job.kind == "summary.period")
            await entry.handler(job)
            await entry.handler(job)  # whoever takes it over
            await first.app.database.write(lambda s, id_=job.id: jobs.finish(s, id_, clock.now()))  # type: ignore[misc]
    assert len(llm.requests) == 3
    async with house(sqlite_database_url, tmp_path, llm, clock, context_max_tokens=2000) as second:
        await second.drained()
        row = (await second.summaries())["recent"]
        assert row.period_end == START + 3 * DAY + timedelta(hours=1)
        left = await second.app.database.read(lambda s: list(s.scalars(select(Job.payload))))
        assert all(payload == {} for payload in left), "no talk is left in finished jobs"
    told = [mark for r in llm.requests for line in transcript_of(r.body) for mark in MARK.findall(line)]
    assert sorted(told) == sorted(f"FACT-{n}-Ann" for n in range(150))
    assert llm.paid_twice() == []
    assert all(second.app.tokens.count_messages(r.body["messages"]) <= 2000 for r in llm.requests)


async def test_one_run_catches_up_after_a_long_absence(home: House) -> None:
    home.llm.default(keeper)
    await say_much(home, GROUP)
    await after(home, 3)
    home.clock.advance(12 * 86400)  # the last messages came just before the end of it
    await say_much(home, GROUP, mark="FACT-7")
    seen = len(home.llm.requests)
    await home.look()
    made = home.llm.requests[seen:]
    assert len(made) == 2, "one of each kind"
    rows = await home.summaries()
    assert {row.period_end for row in rows.values()} == {home.clock.now()}
    await home.look()
    assert len(home.llm.requests) == seen + 2
    await after(home, 40)
    assert len(home.llm.requests) == seen + 2, "nobody said anything"


async def test_what_was_queued_before_an_absence_runs_for_the_present_and_once(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    async with house(sqlite_database_url, tmp_path, llm, clock, working=False) as first:
        await say_much(first, GROUP)
        clock.advance(3 * 86400)
        await first.app.ticker.start()
        payload = {"kind": "recent", "chat_id": 1, "topic_id": 0, "key": "of another look"}
        await first.app.enqueue([NewJob("summary.period", "background", "summary:recent:1:0", payload)])
    clock.advance(3.5 * 86400)
    async with house(sqlite_database_url, tmp_path, llm, clock) as second:
        await second.look()
        assert (await second.summaries())["recent"].period_end == clock.now()
    assert len(llm.requests) == 1


async def test_the_last_one_is_carried_on_as_far_as_it_is_covered(home: House) -> None:
    await say_much(home, GROUP)
    home.llm.script(Text("- 2026-03-14: Ann told FACT-OLD-Ann\n- 2026-03-16: Ann keeps bees"))
    await after(home, 3)
    home.llm.default(keeper)
    home.clock.advance(5 * 86400)
    await say_much(home, GROUP)
    await home.look()
    assert notes_of(home.llm.requests[-1].body) == ["- 2026-03-16: Ann keeps bees"]


async def test_it_is_found_by_its_words_until_a_clear(home: House) -> None:
    async def found(chat: ChatRef) -> list[str]:
        def scope(session: Session) -> Scope:
            place = settle(session, BOB, chat, home.clock.now())
            return Scope(place.user.id, place.chat.id, private=chat.private)

        here = await home.app.database.write(scope)
        ask = Ask("who keeps bees?", home.clock.now(), ZoneInfo("UTC"), kinds=SUMMARIES)
        return [hit.text for hit in await home.app.recall.search(here, ask)]

    await say_much(home, GROUP)
    home.llm.default(lambda _: Text("- 2026-03-14: Ann keeps bees"))
    await after(home, 3)
    assert await found(GROUP) == ["- 2026-03-14: Ann keeps bees"]
    assert await found(replace(GROUP, external_id="-42")) == []
    await home.app.conversations.clear(GROUP, BOB)
    assert await found(GROUP) == []


async def test_nothing_reaches_behind_a_clear(home: House) -> None:
    await say_much(home, GROUP)
    await home.app.conversations.clear(GROUP, BOB)
    await after(home, 3)
    assert home.llm.requests == []
    assert await home.jobs() == []


async def test_a_clear_in_the_middle_of_a_run_ends_it(home: House) -> None:
    home.llm.default(lambda _: Text(GOOD, chunks=4, delay=0.05))
    await say_much(home, GROUP)
    home.clock.advance(3 * 86400)
    await home.app.ticker.start()
    home.app.ticker.close()
    await until(lambda: len(home.llm.requests) == 1)
    home.clock.advance(1)
    await home.app.conversations.clear(GROUP, BOB)
    await until(lambda: all(not worker.busy for worker in home.app.workers))
    assert await home.summaries() == {}
    assert await home.jobs() == []
    assert await home.app.database.read(lambda s: s.query(UsageRow).count()) == 1


async def test_private_and_incognito_talk_stays_apart(home: House) -> None:
    def unit(session: Session) -> None:
        settle(session, BOB, ChatRef("102", "private"), START).conversation.incognito = True

    home.llm.default(keeper)
    await say_much(home, PRIVATE)
    await home.app.database.write(unit)
    await home.app.database.write(
        lambda s: talk_much(
            s,
            place := settle(s, BOB, ChatRef("102", "private"), START),
            [(START, place, "FACT-66-Bob")],
        )
    )
    await after(home, 3)
    assert len(home.llm.requests) == 1
    assert "FACT-66" not in content_of(home.llm.requests[0].body)


async def test_a_spent_day_puts_a_run_off_until_there_is_money(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> None:
    llm.default(keeper)
    prices = {"gpt-4o-mini": {"input": 1, "output": 1}}
    async with house(
        sqlite_database_url, tmp_path, llm, clock, llm_prices=prices, daily_spend_limit=0.0
    ) as home:
        await say_much(home, GROUP)
        await after(home, 3)
        assert await home.jobs() == [("summary.period", "queued")]
        (due,) = await home.app.database.read(
            lambda s: list(s.scalars(select(Job.due_at).where(Job.kind == "summary.period")))
        )
        assert due.date() == (clock.now() + DAY).date()
    assert llm.requests == []


async def test_a_new_conversation_keeps_the_old_one_in_the_summary(home: House) -> None:
    home.llm.default(keeper)
    await say_much(home, GROUP)
    await home.app.conversations.start_new(GROUP, ANN, "Next")
    await say_much(home, GROUP, mark="FACT-5")
    await after(home, 3)
    (request,) = home.llm.requests
    assert len(transcript_of(request.body)) == 6
