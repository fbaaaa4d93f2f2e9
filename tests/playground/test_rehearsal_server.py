"""The rehearsal model is a proper endpoint: streams, limits, usage and refusals."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import openai
import pytest

from tests.support.rehearsal import FIELDS, Rehearsal

CHAT = [{"role": "user", "content": "hello"}]


async def test_streamed_words_add_up_to_the_whole_answer(rehearsal: Rehearsal) -> None:
    stream = await rehearsal.client.chat.completions.create(
        model="mnema-rehearsal",
        messages=[{"role": "user", "content": "Tell me a long story"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    words = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    whole = await rehearsal.say("Tell me a long story")
    assert "".join(words) == whole.text
    assert len(words) > 300
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens > 500


async def test_no_usage_chunk_unless_asked_for_and_done_at_the_end(rehearsal: Rehearsal) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as http,
        http.post(
            f"{rehearsal.url}/chat/completions",
            json={"model": "mnema-rehearsal", "messages": CHAT, "stream": True},
        ) as reply,
    ):
        raw = await reply.text()
        assert reply.content_type == "text/event-stream"
    assert raw.endswith("data: [DONE]\n\n")
    assert '"usage"' not in raw


async def test_streamed_tool_calls_join_to_valid_arguments(rehearsal: Rehearsal) -> None:
    stream = await rehearsal.client.chat.completions.create(
        model="mnema-rehearsal",
        messages=[{"role": "user", "content": "My name is Ann and I live in Oslo"}],
        tools=[{"type": "function", "function": {"name": "save_user_fact", "parameters": FIELDS}}],
        stream=True,
    )
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    finish = None
    async for chunk in stream:
        finish = chunk.choices[0].finish_reason or finish
        for call in chunk.choices[0].delta.tool_calls or ():
            assert call.function is not None
            names.setdefault(call.index, call.function.name or "")
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert finish == "tool_calls"
    assert names == {0: "save_user_fact", 1: "save_user_fact"}
    assert '"kind": "home"' in arguments[1]


async def test_max_tokens_cuts_and_says_so(rehearsal: Rehearsal) -> None:
    limits: list[dict[str, Any]] = [{"max_tokens": 20}, {"max_completion_tokens": 20}]
    for limit in limits:
        cut = await rehearsal.say("count to 500", **limit)
        assert cut.finish == "length"
        assert cut.usage.completion_tokens == 20
        assert cut.text.startswith("1 2 3 4 5")
    assert (await rehearsal.say("count to 5", max_tokens=20)).finish == "stop"


async def test_a_slow_count_takes_a_second_for_each_number(rehearsal: Rehearsal) -> None:
    started = time.monotonic()
    stream = await rehearsal.client.chat.completions.create(
        model="mnema-rehearsal", messages=[{"role": "user", "content": "count slowly to 60"}], stream=True
    )
    seen = ""
    async for chunk in stream:
        seen += chunk.choices[0].delta.content or ""
        if "2" in seen:
            break
    await stream.close()
    assert seen == "1 2"
    assert 0.9 < time.monotonic() - started < 2.0


async def test_models(rehearsal: Rehearsal) -> None:
    assert [model.id async for model in rehearsal.client.models.list()] == ["mnema-rehearsal"]


async def test_another_model_is_not_found(rehearsal: Rehearsal) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await rehearsal.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
        )
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "could not parse"),
        (b"[]", "Invalid request"),
        ({"messages": CHAT}, "required"),
        ({"messages": []}, "at least 1"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "Input should be"),
        ({"messages": [{"role": "user"}]}, "needs 'content'"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "image_url.url"),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "must follow"),
        ({"messages": CHAT, "max_tokens": 0}, "greater than or equal"),
        ({"messages": CHAT, "tools": []}, "at least 1"),
        ({"messages": CHAT, "stream_options": {"include_usage": True}}, "only allowed when"),
        ({"messages": CHAT, "response_format": {"type": "json_schema"}}, "needs 'json_schema'"),
    ],
)
async def test_malformed_bodies_are_refused(rehearsal: Rehearsal, body: Any, says: str) -> None:
    if isinstance(body, dict) and says != "required":
        body = {"model": "mnema-rehearsal", **body}
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as http,
        http.post(f"{rehearsal.url}/chat/completions", **sent) as reply,
    ):
        error = (await reply.json())["error"]
    assert reply.status == 400
    assert error["type"] == "invalid_request_error"
    assert says in error["message"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eDp5"])
async def test_some_key_is_needed(rehearsal: Rehearsal, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(headers=headers) as http:
        for method, path in (("GET", "/models"), ("POST", "/chat/completions")):
            async with http.request(method, rehearsal.url + path, json={}) as reply:
                assert reply.status == 401
