"""Which messages each strategy takes, and what the trace says of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.context.manager import ContextManager
from bot.core.llm import Message
from bot.core.views import TurnView
from tests.context.making import (
    GROUP,
    built,
    fact,
    layer,
    message,
    services,
    summary,
    talk,
    text_of,
    tool,
    view,
)

SUMMARIES = (summary("recent", "They planned a hike.", 7), summary("long", "They met in May.", 30))


def numbers(messages: list[Message]) -> list[int]:
    return [int(n) for m in messages[1:] for n in re.findall(r"#(\d+)#", text_of(m))]


async def build(turn: TurnView, **values: object) -> tuple[list[Message], ContextManager]:
    return await built(services(**values), turn)  # type: ignore[arg-type]


async def test_layered_takes_the_last_messages_that_fit_and_all_summaries() -> None:
    turn = view(history=talk(60), summaries=SUMMARIES, context_summary="Ann asked about tents.")
    messages, manager = await build(turn)
    assert numbers(messages) == list(range(1, 61))
    system = messages[0]["content"]
    parts = [
        "## Summary of the last 30 days (2026-10-22 to 2026-11-21)\nThey met in May.",
        "## Summary of the last 7 days (2026-11-14 to 2026-11-21)\nThey planned a hike.",
        "Conversation so far: Ann asked about tents.",
    ]
    assert [system.index(part) for part in parts] == sorted(system.index(part) for part in parts)
    assert layer(manager, "summaries").kept == ("conversation", "recent", "long")


async def test_oldest_first_and_never_more_than_asked_for() -> None:
    messages, manager = await build(view(history=talk(100, start=40)), immediate_context_messages=40)
    shown = numbers(messages)
    assert shown == list(range(shown[0], 140))
    assert 30 <= len(shown) <= 40
    assert layer(manager, "history").reason == "strategy" or layer(manager, "history").dropped


async def test_ten_stay_whatever_the_edge() -> None:
    for start in range(1, 30):
        messages, _ = await build(view(history=talk(10, start=start)), immediate_context_messages=10)
        assert numbers(messages) == list(range(start, start + 10))


async def test_the_ten_last_come_before_summaries_of_older_ones() -> None:
    turn = view(
        history=talk(40, "word " * 90), summaries=(summary("long", "old " * 900, 30),),
        facts=tuple(fact(n) for n in range(5)),
    )  # fmt: skip
    messages, manager = await build(turn, context_max_tokens=2400)
    assert len(numbers(messages)) >= 10
    assert len(layer(manager, "facts").kept) == 5


async def test_window_is_history_alone() -> None:
    turn = view(history=talk(30), summaries=SUMMARIES, context_summary="Long ago.", facts=(fact(1),))
    messages, manager = await build(turn, context_strategy="window")
    assert numbers(messages) == list(range(1, 31))
    assert layer(manager, "summaries").kept == ()
    assert "Fact number 1" in messages[0]["content"]


async def test_summary_is_the_summary_and_the_last_ten_above_twenty() -> None:
    turn = view(history=talk(30), summaries=SUMMARIES, context_summary="Long ago.")
    messages, manager = await build(turn, context_strategy="summary")
    assert numbers(messages) == list(range(21, 31))
    assert layer(manager, "summaries").kept == ("conversation",)
    assert "Conversation so far: Long ago." in messages[0]["content"]


async def test_summary_keeps_everything_up_to_twenty_and_until_there_is_one() -> None:
    short, _ = await build(view(history=talk(20), context_summary="x"), context_strategy="summary")
    assert len(numbers(short)) == 20
    unsummarised, _ = await build(view(history=talk(30)), context_strategy="summary")
    assert len(numbers(unsummarised)) == 30


async def test_important_is_the_fifteen_most_important_in_order() -> None:
    history = tuple(replace(m, importance=(n % 10) / 10) for n, m in enumerate(talk(90), start=1))
    messages, manager = await build(
        view(history=(*history, message(91, "#91#"))), context_strategy="important"
    )
    shown = numbers(messages)
    assert shown == sorted(shown)
    assert len(shown) == 15
    assert {n % 10 for n in shown} == {8, 9}
    assert sum(n % 10 == 9 for n in shown) == 9
    assert layer(manager, "history").reason == "strategy"


async def test_facts_are_newest_first_and_the_needed_ones_survive() -> None:
    facts = [fact(n, f"Fact {n} " + "x" * 80) for n in range(1, 51)]
    facts[0] = replace(facts[0], pinned=True)
    facts[1] = replace(facts[1], priority=9)
    messages, manager = await build(view(facts=tuple(reversed(facts))), context_max_tokens=3000)
    shown = [int(n) for n in re.findall(r"^- Fact (\d+) ", messages[0]["content"], re.MULTILINE)]
    assert shown == sorted(shown, reverse=True)
    assert shown[-2:] == [2, 1]
    assert shown[:-2] == list(range(50, 50 - len(shown) + 2, -1))
    assert layer(manager, "facts").reason == "budget"
    assert set(layer(manager, "facts").kept) == set(shown)
    assert len(layer(manager, "facts").dropped) == 50 - len(shown)


async def test_fifty_usual_facts_fit_the_default_context() -> None:
    facts = tuple(fact(n, f"Number {n}: likes long walks along the river in spring.") for n in range(50))
    for chat in (view().chat, GROUP):
        _, manager = await build(view(chat, facts=facts, history=talk(100)))
        assert len(layer(manager, "facts").kept) == 50


async def test_the_cap_counts_before_the_budget() -> None:
    _, manager = await build(view(facts=tuple(fact(n) for n in range(20))), user_memory_max_facts=10)
    assert layer(manager, "facts").kept == tuple(range(10, 20))
    assert layer(manager, "facts").reason == "cap"


async def test_at_most_eight_tools_stay_and_the_manager_names_them() -> None:
    tools = [tool(n) for n in range(12)]
    messages, manager = await built(services(), view(), tools)
    assert list(manager.tools) == tools[:8]
    assert messages[0]["content"].count("- tool_") == 8
    big = [tool(n, 700) for n in range(5)]
    _, manager = await built(services(), view(), big)
    assert len(manager.tools) == 1
    assert layer(manager, "tools").dropped == ("tool_1", "tool_2", "tool_3", "tool_4")


async def test_the_trace_adds_up() -> None:
    tokens = services().tokens
    turn = view(history=talk(300, "word " * 30), facts=tuple(fact(n) for n in range(9)), summaries=SUMMARIES)
    messages, manager = await built(services(), turn, [tool(1)])
    assert (
        manager.trace.total == tokens.count_messages(messages, manager.tools) <= manager.trace.ceiling == 8000
    )
    assert (
        abs(sum(row.tokens for row in manager.trace.layers) - manager.trace.total) < manager.trace.total * 0.1
    )
    history = layer(manager, "history")
    assert {*history.kept, *history.dropped} == {m.id for m in turn.history}
    assert manager.trace.as_rows()[0]["name"] == "system"


@pytest.mark.parametrize("room", [500, 3000, 6000])
async def test_room_is_left_to_tool_results(room: int) -> None:
    turn = view(history=talk(100, "word " * 60), facts=tuple(fact(n) for n in range(20)))
    messages, manager = await built(services(), turn, [tool(1)], room)
    assert services().tokens.count_messages(messages, manager.tools) + room <= 8000
    assert text_of(messages[-1]).endswith("What is new?")
