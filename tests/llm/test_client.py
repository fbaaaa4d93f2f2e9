"""Deadlines, fallbacks, the breaker, the spend guard, and what a cancelled call leaves behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import LLMError, LLMErrorKind
from bot.llm import NoLLM, OpenAIChat, build_llm
from bot.settings import Price, load_settings
from tests.llm.room import KEY, Accounts, HeldClock, ask, chat
from tests.support.llm_server import FAULTS, Cut, Drip, Hang, HttpError, Text, openai_error, scripted_llm

ROOT = Path(__file__).resolve().parents[2]
PRICES = {"gpt-4o-mini": Price(1.0, 2.0, 0.5)}
MISSING = HttpError(404, openai_error("The model does not exist", code="model_not_found"))


async def failure(llm: OpenAIChat | NoLLM, **options: Any) -> LLMError:
    with pytest.raises(LLMError) as caught:
        await llm.complete(ask(**options))
    return caught.value


@pytest.mark.parametrize("step", [Hang(), Drip(0.02)], ids=["silence", "drip"])
async def test_the_total_deadline_holds(step: Any, ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, timeout=0.5) as llm:
        server.script(step)
        start = time.monotonic()
        assert (await failure(llm)).kind == "timeout"
        assert time.monotonic() - start < 1.0
        await server.until_abandoned()


async def test_a_slow_answer_is_cut_off_with_what_was_said(ranks_dir: Path) -> None:
    accounts = Accounts()
    async with scripted_llm() as server, chat(server, ranks_dir, timeout=0.5, spend=accounts) as llm:
        server.script(Text("word " * 100, delay=0.05))
        error = await failure(llm)
        assert error.kind == "timeout"
        assert error.partial.startswith("word word ")
        await server.until_abandoned()
    ((usage, _, _),) = accounts.booked
    assert usage.estimated
    assert 2 <= usage.completion_tokens < 20


async def test_a_retry_that_would_miss_the_deadline_is_not_waited_for(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, timeout=2.0) as llm:
        server.script(HttpError(429, {}, {"Retry-After": "10"}))
        start = time.monotonic()
        error = await failure(llm)
        assert (error.kind, error.retry_after) == ("rate_limited", 10)
        assert time.monotonic() - start < 1.0


@pytest.mark.parametrize(
    ("plays", "falls_back"),
    [
        ([FAULTS["404"]], True),
        ([FAULTS["500"]] * 3, True),
        ([FAULTS["402"]], True),
        ([FAULTS["429-long"]], True),
        ([FAULTS["401"]], False),
        ([FAULTS["413"]], False),
        ([FAULTS["content-filter"]], False),
    ],
)
async def test_fallback(plays: list[Any], falls_back: bool, ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, fallbacks=["second"]) as llm:
        server.script(*plays)
        if falls_back:
            server.script(Text("from the second"))
            completion = await llm.complete(ask())
            assert (completion.text, completion.model) == ("from the second", "second")
            assert server.requests[-1].body["model"] == "second"
        else:
            await failure(llm)
        server.assert_complete()


async def test_a_silent_model_leaves_time_for_the_next(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, timeout=1.0, fallbacks=["second"]) as llm:
        server.script(Hang(), Text("in time"))
        assert (await llm.complete(ask())).model == "second"


async def test_a_model_that_speaks_may_use_the_whole_time(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, timeout=2.0, fallbacks=["second"]) as llm:
        server.script(Text("a b c d e f g h", delay=0.18))
        completion = await llm.complete(ask())
        assert (completion.text, completion.model) == ("a b c d e f g h", "gpt-4o-mini")


async def test_the_first_models_error_is_the_one_that_is_told(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, fallbacks=["second", "third"]) as llm:
        server.script(FAULTS["429-long"], MISSING, FAULTS["402"])
        error = await failure(llm)
        assert (error.kind, error.retry_after) == ("rate_limited", 3600)
        server.assert_complete()


async def test_the_breaker_opens_rests_and_closes(ranks_dir: Path) -> None:
    clock = HeldClock()
    async with scripted_llm() as server, chat(server, ranks_dir, clock=clock) as llm:
        async with server.down():
            for _ in range(5):
                assert (await failure(llm)).retry_after is None
        error = await failure(llm)
        assert (error.kind, error.retry_after) == ("unavailable", 30)
        clock.seconds += 20
        assert (await failure(llm)).retry_after == 10
        assert not server.requests, "an open breaker asks nobody"
        clock.seconds += 10
        server.script(*[FAULTS["500"]] * 3)
        assert (await failure(llm)).retry_after is None
        assert (await failure(llm)).retry_after == 30
        clock.seconds += 31
        server.script(Text("back"), FAULTS["401"], Text("and well"))
        assert (await llm.complete(ask())).text == "back"
        assert (await failure(llm)).kind == "auth"
        assert (await llm.complete(ask())).text == "and well"


async def test_a_half_open_breaker_lets_one_call_try(ranks_dir: Path) -> None:
    clock = HeldClock()
    async with scripted_llm() as server, chat(server, ranks_dir, clock=clock) as llm:
        async with server.down():
            for _ in range(5):
                await failure(llm)
        clock.seconds += 31
        server.script(Text("slow but sure", delay=0.1))
        async with asyncio.TaskGroup() as group:
            trial = group.create_task(llm.complete(ask()))
            await asyncio.sleep(0.1)
            assert (await failure(llm)).kind == "unavailable"
        assert trial.result().text == "slow but sure"
        server.script(Text("open to all"))
        await llm.complete(ask())


async def test_a_cancelled_trial_gives_its_place_back(ranks_dir: Path) -> None:
    clock = HeldClock()
    async with scripted_llm() as server, chat(server, ranks_dir, clock=clock) as llm:
        async with server.down():
            for _ in range(5):
                await failure(llm)
        clock.seconds += 31
        server.script(Hang(), Text("next"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await llm.complete(ask())
        assert (await llm.complete(ask())).text == "next"


async def test_cancelling_hangs_up_and_books_what_was_written(ranks_dir: Path) -> None:
    accounts = Accounts()
    heard = asyncio.Event()
    async with scripted_llm() as server, chat(server, ranks_dir, spend=accounts) as llm:
        server.script(Text("word " * 100, delay=0.02))
        async with asyncio.TaskGroup() as group:
            call = group.create_task(llm.complete(ask(), lambda _: heard.set()))
            await heard.wait()
            call.cancel()
        assert call.cancelled()
        await server.until_abandoned()
    assert len(accounts.booked) == 1


async def test_every_paid_attempt_is_booked_with_its_price(ranks_dir: Path) -> None:
    accounts = Accounts()
    async with (
        scripted_llm() as server,
        chat(server, ranks_dir, spend=accounts, prices=PRICES, fallbacks=["unpriced"]) as llm,
    ):
        server.script(FAULTS["500"], Cut("one two three four"), Text("fine", usage=(1000, 100)), MISSING)
        server.script(Text("other", usage=(10, 1)))
        completion = await llm.complete(ask(purpose="summary"))
        assert completion.cost == pytest.approx((1000 * 1.0 + 100 * 2.0) / 1e6)
        assert (await llm.complete(ask())).cost is None
    assert accounts.checks == 5
    lost, paid, other = accounts.booked
    assert lost[0].estimated
    assert paid == (completion.usage, completion.cost, "summary")
    assert (other[0].prompt_tokens, other[1], other[2]) == (10, None, "reply")


async def test_a_closed_purse_asks_nobody(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, spend=Accounts(closed=True)) as llm:
        for _ in range(7):
            assert (await failure(llm)).kind == "spend_limit"
        assert not server.requests


async def test_the_key_is_sent_and_overrides_of_the_model_too(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(Text("a"))
        assert (await llm.complete(ask(model="another"))).model == "another"
        assert server.requests[0].body["model"] == "another"
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert server.requests[0].body["max_tokens"] == 500
        assert llm.model == "gpt-4o-mini"


async def test_calls_run_side_by_side(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.default(lambda body: Text("a b c", delay=0.1))
        await llm.complete(ask())
        start = time.monotonic()
        await asyncio.gather(*(llm.complete(ask()) for _ in range(10)))
        assert time.monotonic() - start < 1.5


async def test_without_configuration_there_is_no_model() -> None:
    llm = build_llm(load_settings(None), SystemClock())
    assert isinstance(llm, NoLLM)
    assert (await failure(llm)).kind == "no_model"


async def test_build_follows_the_settings(ranks_dir: Path) -> None:
    async with scripted_llm() as server:
        settings = load_settings(
            None, llm_base_url=server.base_url, llm_api_key=KEY, llm_model="first",
            llm_fallback_models="second", llm_prices="second=1/1", data_dir=ranks_dir,
        )  # fmt: skip
        llm = build_llm(settings, SystemClock())
        server.script(MISSING, Text("x", usage=(500_000, 500_000)))
        assert (await llm.complete(ask())).cost == 1.0
        await llm.aclose()


async def test_another_endpoint_never_sees_the_configured_key(ranks_dir: Path) -> None:
    async with scripted_llm() as server:
        settings = load_settings(
            None, llm_base_url="http://127.0.0.1:9/v1", llm_api_key=KEY, llm_model="first",
            llm_fallback_models="second", data_dir=ranks_dir,
        )  # fmt: skip
        llm = build_llm(settings, SystemClock(), base_url=server.base_url, model="rehearsal")
        server.script(MISSING)
        assert (await failure(llm)).kind == "not_found"
        assert len(server.requests) == 1
        assert KEY not in repr(server.requests)
        await llm.aclose()


def test_each_kind_has_a_text_for_the_person() -> None:
    kind: LLMErrorKind = "timeout"
    assert LLMError(kind).user_key == "error.llm.timeout"


def test_heavy_libraries_wait_for_the_first_call() -> None:
    script = """
import sys
from bot.core.clock import SystemClock
from bot.llm import build_llm
from bot.settings import load_settings
build_llm(load_settings(None, llm_api_key="k"), SystemClock())
print(*sorted({"openai", "tiktoken", "httpx2", "PIL"} & sys.modules.keys()))
"""
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == ""
