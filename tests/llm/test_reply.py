"""Replies put together from arbitrary pieces."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.faults import Fault
from bot.llm.reply import Reply
from bot.llm.spend import cost_of, reported_usage
from bot.llm.stream import read_reply
from bot.settings import Price

names = """
    choices delta message content tool_calls function name arguments id index finish_reason usage refusal
    error type text prompt_tokens completion_tokens prompt_tokens_details cached_tokens code detail
"""
keys = st.sampled_from(names.split())
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6)
)
calls = st.lists(st.dictionaries(keys, anything, max_size=6) | anything, max_size=3)
deltas = st.fixed_dictionaries({}, optional={"content": anything, "tool_calls": calls, "role": scalars})
choices = st.lists(
    st.fixed_dictionaries({}, optional={"delta": deltas, "finish_reason": scalars}), max_size=2
)
events = st.fixed_dictionaries({}, optional={"choices": choices, "usage": anything})


async def parts(*bodies: bytes) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"delta": fields}]}


def call(arguments: Any = "", **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    return delta(tool_calls=[{"function": {"name": name, "arguments": arguments}, **fields}])


def replied(*events: dict[str, Any], finish: str | None = "stop", cap: int = 1000) -> Reply:
    reply = Reply(cap)
    for event in events:
        reply.add(event)
    if finish:
        reply.add({"choices": [{"delta": {}, "finish_reason": finish}]})
    return reply


@given(st.lists(events | anything.filter(lambda value: isinstance(value, dict)), max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_event_breaks_a_reply(given_events: list[dict[str, Any]]) -> None:
    reply = Reply(50)
    for event in given_events:
        reply.add(event)
        assert isinstance(reply.text, str)
        assert len(reply.text) <= 50
    assert reply.finish in ("stop", "tool_calls", "length", "truncated", "content_filter")
    assert all(c.id and c.name for c in reply.tool_calls)
    reported_usage(reply.usage)


@given(st.lists(st.binary(max_size=40) | anything.map(lambda v: b"data: " + json.dumps(v).encode() + b"\n")))
@settings(max_examples=300, deadline=None)
async def test_no_bytes_break_the_reader(bodies: list[bytes]) -> None:
    with suppress(Fault):  # a verdict, not a crash
        await read_reply(parts(*bodies), Reply(100), lambda: None)


@given(st.text(max_size=30), st.integers(1, 7))
async def test_text_survives_any_cut_of_the_stream(text: str, size: int) -> None:
    text = text.encode("utf-8", "replace").decode()
    lines = [
        b"data: " + json.dumps(delta(content=c), ensure_ascii=False).encode() + b"\r\n\r\n" for c in text
    ]
    stream = b"".join([b": hello\n\n", *lines, b"data: [DONE]\n\n"])
    reply = Reply(1000)
    await read_reply(parts(*(stream[i : i + size] for i in range(0, len(stream), size))), reply, lambda: None)
    assert (reply.text, reply.done) == (text, True)


def test_calls_without_index_or_id_stay_apart() -> None:
    reply = replied(call("{}", name="a"), call('{"x": 1}', name="b"))
    assert [(c.name, c.arguments) for c in reply.tool_calls] == [("a", "{}"), ("b", '{"x": 1}')]
    assert reply.finish == "tool_calls"


def test_calls_that_all_claim_index_nought_stay_apart() -> None:
    reply = replied(call("{}", name="a", id="1", index=0), call("{}", name="b", id="2", index=0))
    assert [c.id for c in reply.tool_calls] == ["1", "2"]


def test_interleaved_calls_are_sorted_out() -> None:
    reply = replied(
        call("", name="a", id="1", index=0),
        call("", name="b", id="2", index=1),
        call('{"n"', index=0),
        call("{", index=1),
        call(": 1}", index=0),
        call("}", index=1),
    )
    assert [(c.id, c.arguments) for c in reply.tool_calls] == [("1", '{"n": 1}'), ("2", "{}")]


def test_repeated_ids_and_objects_as_arguments() -> None:
    reply = replied(call({"x": "ї"}, name="a", id="1", index=0), call("", name="b", id="1", index=1))
    assert len({c.id for c in reply.tool_calls}) == 2
    assert [json.loads(c.arguments) for c in reply.tool_calls] == [{"x": "ї"}, {}]


def test_a_cut_drops_the_call_it_halved() -> None:
    halves = (call("{}", name="a", id="1", index=0), call('{"x', name="b", id="2", index=1))
    reply = replied(*halves, finish=None)
    assert (reply.finish, [c.name for c in reply.tool_calls]) == ("truncated", ["a"])
    assert [c.name for c in replied(*halves).tool_calls] == ["a", "b"]


def test_thoughts_never_show_while_they_are_written() -> None:
    reply = Reply(1000)
    shown = []
    for piece in ("<th", "ink>", "secret", "</think>", "\n", "Hello"):
        reply.add(delta(content=piece))
        shown.append(reply.text)
    assert shown == ["", "", "", "", "", "Hello"]


@pytest.mark.parametrize("text", ["<", "<th", "<b>bold</b>"])
def test_a_text_that_only_begins_like_a_thought(text: str) -> None:
    assert replied(delta(content=text)).text == text


def test_parts_of_content_are_joined_without_thinking() -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]
    assert replied(delta(content=parts)).text == "yes"


@pytest.mark.parametrize(
    ("raw", "cost"),
    [
        ({"prompt_tokens": 1_000_000, "completion_tokens": 0}, 4.0),
        ({"prompt_tokens": 1, "completion_tokens": 1_000_000}, 8.000004),
        (
            {
                "prompt_tokens": 1_000_000,
                "completion_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 1_000_000},
            },
            1.0,
        ),
        ({"prompt_tokens": 1_000_000, "completion_tokens": 0, "prompt_cache_hit_tokens": 500_000}, 2.5),
    ],
)
def test_cost(raw: dict[str, Any], cost: float) -> None:
    usage = reported_usage(raw)
    assert usage is not None
    assert cost_of(usage, "m", {"m": Price(4, 8, 1)}) == pytest.approx(cost)
    assert cost_of(usage, "other", {"m": Price(4, 8, 1)}) is None


@pytest.mark.parametrize(
    "raw", [None, {}, [], {"prompt_tokens": 0, "completion_tokens": 5}, {"prompt_tokens": "9"}]
)
def test_usage_that_makes_no_sense_is_none(raw: Any) -> None:
    assert reported_usage(raw) is None
