"""The daily cap holds for all calls, over restarts and replicas, and each paid attempt is in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.core.errors import LLMError
from bot.core.llm import Completion, LLMRequest
from bot.db.engine import Database
from bot.db.models import UsageRow
from bot.db.repositories import ledger
from bot.llm import OpenAIChat, Tokens
from bot.services.spend import MeteredLLM, SpendLimit
from bot.settings import Price
from tests.support.clock import ManualClock
from tests.support.llm_server import Cut, Hang, ScriptedLLM, Text, scripted_llm
from tests.support.opened import opened
from tests.support.product import Product, running_product
from tests.support.waiting import until

CENT = {"gpt-4o-mini": Price(100, 100)}
"""A hundred dollars per million tokens: a hundred tokens are a cent."""

USAGE = (60, 40)


@dataclass
class Metered:
    """A model under a limit; `ask` books what it gets, as the tool loop does."""

    llm: MeteredLLM
    limit: SpendLimit
    database: Database
    clock: ManualClock

    async def ask(self, purpose: str = "reply", max_tokens: int = 256) -> Completion:
        request = LLMRequest([{"role": "user", "content": "Hello"}], max_tokens, purpose)
        completion = await self.llm.complete(request)
        now = self.clock.now()
        await self.database.write(lambda s: ledger.charge(s, completion, purpose, now))
        return completion

    async def rows(self) -> list[tuple[str, str, float | None]]:
        query = select(UsageRow).order_by(UsageRow.id)
        return await self.database.read(
            lambda s: [(row.purpose, row.model, row.cost) for row in s.scalars(query)]
        )


@asynccontextmanager
async def metered(
    server: ScriptedLLM, database: Database, folder: Path, limit: float | None, clock: ManualClock
) -> AsyncIterator[Metered]:
    guard = SpendLimit(limit, database, clock)
    tokens = Tokens("gpt-4o-mini", folder)
    chat = OpenAIChat(
        "gpt-4o-mini",
        clock,
        tokens,
        base_url=server.base_url,
        api_key="k",
        prices=CENT,
        spend=guard,
        backoff=0.01,
        timeout=20,
    )
    llm = MeteredLLM(chat, guard, database, clock, tokens, CENT)
    try:
        yield Metered(llm, guard, database, clock)
    finally:
        await llm.aclose()


async def refused(work: asyncio.Future[Completion] | Metered) -> LLMError:
    with pytest.raises(LLMError) as caught:
        await (work.ask() if isinstance(work, Metered) else work)
    assert caught.value.kind == "spend_limit"
    return caught.value


async def test_the_limit_holds_for_all_purposes_until_midnight_and_over_a_restart(
    database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with scripted_llm() as server:
        server.default(lambda _: Text("Hi", usage=USAGE))
        async with metered(server, database, tmp_path, 0.02, clock) as first:
            await first.ask("reply")
            await first.ask("summary")
            assert await first.limit.spent() == pytest.approx(0.02)
            error = await refused(first)
            assert error.retry_after == pytest.approx(14 * 3600 + 33 * 60 + 7)
        async with metered(server, database, tmp_path, 0.02, clock) as restarted:
            await refused(restarted)
            assert len(server.requests) == 2
            clock.advance(error.retry_after or 0)
            await restarted.ask()
            assert await restarted.limit.spent() == pytest.approx(0.01)
        assert len(server.requests) == 3


async def test_a_limit_of_nothing_asks_nothing(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 0.0, clock) as meter,
    ):
        await refused(meter)
        assert server.requests == []


async def test_what_another_replica_spent_counts(
    database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        opened(database.url) as elsewhere,
        metered(server, database, tmp_path, 0.03, clock) as here,
        metered(server, elsewhere, tmp_path, 0.03, clock) as there,
    ):
        server.default(lambda _: Text("Hi", usage=USAGE))
        for meter in (here, there, here):
            await meter.ask()
        await refused(here)
        await refused(there)
        assert len(server.requests) == 3


async def test_calls_at_the_same_time_overshoot_by_one_call_at_most(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 0.035, clock) as meter,
    ):
        server.default(lambda _: Text("Hi", delay=0.05, usage=USAGE))
        outcomes = await asyncio.gather(*(meter.ask() for _ in range(12)), return_exceptions=True)
        kinds = [error.kind for error in outcomes if isinstance(error, LLMError)]
        assert kinds == ["spend_limit"] * 8
        assert len(server.requests) == 4
        assert await meter.limit.spent() == pytest.approx(0.04)


async def test_calls_that_fit_run_side_by_side(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 100.0, clock) as meter,
    ):
        server.script(Hang(5), Text("Hi", usage=USAGE))
        slow = asyncio.get_running_loop().create_task(meter.ask())
        await until(lambda: len(server.requests) == 1, 5)
        assert (await asyncio.wait_for(meter.ask(), 3)).text == "Hi"
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)


async def test_a_cancelled_call_frees_what_was_held_back_for_it(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 0.02, clock) as meter,
    ):
        server.script(Hang(30), Text("Hi", usage=USAGE))
        loop = asyncio.get_running_loop()
        hanging = loop.create_task(meter.ask())
        await until(lambda: len(server.requests) == 1, 5)
        waiting = loop.create_task(meter.ask())
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        hanging.cancel()
        assert (await asyncio.wait_for(waiting, 3)).text == "Hi"


async def test_lost_attempts_reach_the_ledger_once(
    database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, database, tmp_path, None, clock) as meter,
    ):
        server.script(Cut("one two three four five"), Text("whole", usage=USAGE))
        assert (await meter.ask("summary")).text == "whole"
        rows = await meter.rows()
        assert [row[:2] for row in rows] == [("summary", "gpt-4o-mini")] * 2
        assert rows[1][2] == pytest.approx(0.01)
        assert rows[0][2] is not None
        assert 0 < rows[0][2] < 0.01


async def test_an_answer_that_broke_twice_is_one_kept_and_one_lost_attempt(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, None, clock) as meter,
    ):
        server.script(Cut("one two three four five"), Cut("one two three four five", after_chunks=2))
        assert (await meter.ask()).finish == "truncated"
        assert len(await meter.rows()) == 2


async def test_a_cancelled_answer_is_paid_for(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 1.0, clock) as meter,
    ):
        server.script(Text("word " * 100, delay=0.05))
        shown: list[str] = []
        request = LLMRequest([{"role": "user", "content": "Talk"}], 256, "reply")
        task = asyncio.get_running_loop().create_task(meter.llm.complete(request, shown.append))
        await until(lambda: len(shown) > 2, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ((purpose, _, cost),) = await meter.rows()
        assert purpose == "reply"
        assert cost
        assert await meter.limit.spent() == pytest.approx(cost)


async def test_a_refusal_stops_retries_of_a_call_under_way(
    sqlite_database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        scripted_llm() as server,
        metered(server, sqlite_database, tmp_path, 0.001, clock) as meter,
    ):
        server.script(Cut("one two three four five six seven eight nine ten", after_chunks=9))
        await refused(meter)
        assert len(server.requests) == 1
        assert len(await meter.rows()) == 1


@pytest.fixture
async def thrifty(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """The product with two cents a day."""
    async with running_product(
        sqlite_database_url, tmp_path, llm_prices=CENT, daily_spend_limit=0.02
    ) as running:
        yield running


async def test_people_get_one_clear_word_and_the_model_no_request(thrifty: Product) -> None:
    ann = await thrifty.telegram.person("Ann")
    chat = await thrifty.telegram.private(ann)
    thrifty.llm.script(Text("One.", usage=USAGE), Text("Two.", usage=USAGE))
    for number in ("One", "Two"):
        await thrifty.telegram.wait_reply(await ann.say(chat, f"{number}?"), contains=number)
    refusal = await thrifty.telegram.wait_reply(await ann.say(chat, "Three?"))
    assert "limit" in refusal.text.lower()
    assert len(thrifty.llm.requests) == 2
    spent = await thrifty.look(lambda s: [row.cost for row in s.scalars(select(UsageRow))])
    assert spent == [pytest.approx(0.01)] * 2
