"""Each dialect and each fault of the scripted model server shows on the wire what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from openai import APIStatusError, AsyncOpenAI

from tests.support.llm_server import (
    DIALECTS,
    FAULTS,
    Hang,
    HttpError,
    ScriptedLLM,
    Text,
    ToolCalls,
    endless_tool_calls,
    scripted_llm,
)

SYSTEM = {"role": "system", "content": "You are terse."}
ASK = {"role": "user", "content": "Hello?"}
TOOL = {"type": "function", "function": {"name": "save_user_fact", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
PICTURE = {"role": "user", "content": [IMAGE]}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    async with scripted_llm() as server:
        yield server


async def post(llm: ScriptedLLM, *, key: str = "k", **body: Any) -> tuple[int, bytes, str | None]:
    """One raw request: status, whole body, content type."""
    body = {"model": "m", "messages": [SYSTEM, ASK], **body}
    async with (
        aiohttp.ClientSession(llm.base_url + "/", headers={"Authorization": f"Bearer {key}"}) as session,
        session.post("chat/completions", json=body) as reply,
    ):
        return reply.status, await reply.read(), reply.headers.get("Content-Type")


async def events(llm: ScriptedLLM, **body: Any) -> list[Any]:
    """The decoded events of a stream; [DONE] stays a string."""
    _, raw, _ = await post(llm, stream=True, **body)
    lines = [line.removeprefix("data: ") for line in raw.decode().splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def deltas(stream: list[Any]) -> list[Any]:
    return [event["choices"][0]["delta"] for event in stream if event != "[DONE]" and event["choices"]]


def finish(stream: list[Any]) -> Any:
    return [e["choices"][0].get("finish_reason") for e in stream if e != "[DONE]" and e["choices"]][-1]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_answers_the_official_client(dialect: str) -> None:
    async with scripted_llm(dialect) as llm, AsyncOpenAI(base_url=llm.base_url, api_key="k") as client:
        llm.script(Text("Привіт, світе", chunks=3), Text("again"))
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
        whole = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
        assert (text, whole.choices[0].message.content) == ("Привіт, світе", "again")
        assert llm.paid == 2


@pytest.mark.parametrize(
    ("dialect", "body", "says"),
    [
        ("vllm-template", {"messages": [SYSTEM, SYSTEM, ASK]}, "must be at the beginning"),
        ("vllm-template", {"messages": [SYSTEM, ASK, ASK]}, "must alternate"),
        ("vllm-template", {"messages": [{"role": "assistant", "content": "hi"}, ASK]}, "must alternate"),
        ("ollama-no-tools", {"tools": [TOOL]}, "does not support tools"),
        (
            "refuses-stream-options",
            {"stream": True, "stream_options": {"include_usage": True}},
            "unknown field",
        ),
        ("no-vision", {"messages": [PICTURE]}, "image_url"),
        ("legacy-max-tokens", {"max_completion_tokens": 9}, "Use 'max_tokens'"),
        ("max-completion-tokens", {"max_tokens": 9}, "Use 'max_completion_tokens'"),
        ("openai", {"messages": []}, "empty array"),
        ("openai", {"tools": []}, "empty array"),
        ("openai", {"stream_options": {"include_usage": True}}, "only allowed when"),
        ("openai", {"purpose": "reply"}, "Unrecognized request argument"),
        ("openai", {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "must follow"),
        (
            "openai",
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]}, ASK]},
            "must be followed",
        ),
    ],
)
async def test_refusals_keep_the_script_for_the_next_try(
    dialect: str, body: dict[str, Any], says: str
) -> None:
    async with scripted_llm(dialect) as llm:
        llm.script(Text("yes"))
        status, raw, _ = await post(llm, **body)
        assert status == 400
        assert says in raw.decode()
        assert (await post(llm))[0] == 200
        assert (llm.paid, len(llm.requests)) == (1, 2)


async def test_a_template_server_takes_tool_results_in_turn() -> None:
    called = {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "c2"}]}
    results = [{"role": "tool", "tool_call_id": name, "content": "x"} for name in ("c1", "c2")]
    async with scripted_llm("vllm-template") as llm:
        llm.script(Text("yes"))
        assert (await post(llm, messages=[SYSTEM, ASK, called, *results]))[0] == 200


async def test_how_tool_calls_stream_in_each_dialect() -> None:
    shapes = {}
    for dialect in ("openai", "split-tool-deltas", "whole-tool-call"):
        async with scripted_llm(dialect) as llm:
            llm.script(ToolCalls([("save_user_fact", {"text": "lives in Kyiv"}), ("other", "{}")]))
            stream = await events(llm, tools=[TOOL])
            shapes[dialect] = ([c for d in deltas(stream) for c in d.get("tool_calls", ())], finish(stream))
    calls, end = shapes["whole-tool-call"]
    assert [c["function"]["name"] for c in calls] == ["save_user_fact", "other"]
    assert not any("index" in c for c in calls)
    assert end == "stop"
    for dialect, size in (("openai", 12), ("split-tool-deltas", 1)):
        calls, end = shapes[dialect]
        assert end == "tool_calls"
        assert [c["index"] for c in calls if "id" in c] == [0, 1]
        parts = [c["function"]["arguments"] for c in calls if c["index"] == 0]
        assert max(map(len, parts)) == size
        assert json.loads("".join(parts)) == {"text": "lives in Kyiv"}


async def test_usage_and_reasoning_differ_by_dialect() -> None:
    seen = {}
    for dialect in ("openai", "no-usage", "reasoning-fields"):
        async with scripted_llm(dialect) as llm:
            llm.script(Text("hi", usage=(7, 2)))
            seen[dialect] = await events(llm, stream_options={"include_usage": True})
    assert seen["openai"][-2]["choices"] == []
    assert seen["openai"][-2]["usage"] == {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    assert not any("usage" in e for e in seen["no-usage"] if e != "[DONE]")
    assert any(d.get("reasoning_content") and d["content"] is None for d in deltas(seen["reasoning-fields"]))


STATUS = {"402": 402, "413": 413, "502-html": 502, "429-short": 429, "429-long": 429, "429-quota": 429}
STATUS |= {name: int(name) for name in ("401", "403", "404", "500", "503")} | {"context-too-long": 400}


@pytest.mark.parametrize("name", STATUS)
async def test_refusing_faults(llm: ScriptedLLM, name: str) -> None:
    llm.script(FAULTS[name])
    async with AsyncOpenAI(base_url=llm.base_url, api_key="k", max_retries=0) as client:
        with pytest.raises(APIStatusError) as caught:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.status_code == STATUS[name]
    wanted = {"429-short": "1", "429-long": "3600"}.get(name)
    assert caught.value.response.headers.get("retry-after") == wanted
    assert llm.paid == 0


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("reset-before-reply", aiohttp.ClientOSError, "reset by peer"),
        ("reset-mid-stream", aiohttp.ClientPayloadError, "reset by peer"),
        ("dropped-mid-stream", aiohttp.ClientPayloadError, "Not enough data"),
    ],
)
async def test_breaking_faults(
    llm: ScriptedLLM, name: str, error: type[Exception], says: str, streaming: bool
) -> None:
    llm.script(FAULTS[name])
    with pytest.raises(error, match=says):
        await post(llm, stream=streaming)
    assert llm.paid == 0


async def test_a_cut_stream_ends_without_reason_or_done(llm: ScriptedLLM) -> None:
    llm.script(FAULTS["cut-without-done"])
    stream = await events(llm)
    assert "".join(d["content"] for d in deltas(stream)) == "this sentence will "
    assert finish(stream) is None
    assert "[DONE]" not in stream


@pytest.mark.parametrize(
    ("name", "content_type", "holds"),
    [
        ("html-200", "text/html", b"Captive portal"),
        ("error-json-200", "application/json", b'"error"'),
        ("error-event", "text/event-stream", b'data: {"error"'),
        ("bad-sse-json", "text/event-stream", b'"choices": [{"del\n'),
        ("not-json", "application/json", b'"choices": ['),
        ("empty-body", "application/json", b""),
        ("empty-choices", "text/event-stream", b'"choices": []'),
        ("null-content", "text/event-stream", b'"delta": {"content": null}'),
        ("no-content-type", None, b"[DONE]"),
        ("length", "text/event-stream", b'"finish_reason": "length"'),
        ("content-filter", "text/event-stream", b'"finish_reason": "content_filter"'),
        ("unknown-tool", "text/event-stream", b"no_such_tool"),
    ],
)
async def test_faults_behind_a_200(
    llm: ScriptedLLM, name: str, content_type: str | None, holds: bytes
) -> None:
    llm.script(FAULTS[name])
    status, raw, kind = await post(llm, stream=True)
    assert (status, kind) == (200, content_type)
    assert holds in raw


async def test_bad_arguments_and_ten_megabytes(llm: ScriptedLLM) -> None:
    llm.script(FAULTS["bad-arguments"], FAULTS["ten-megabytes"])
    _, raw, _ = await post(llm, tools=[TOOL])
    with pytest.raises(json.JSONDecodeError):
        json.loads(json.loads(raw)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])
    assert sum(len(d.get("content") or "") for d in deltas(await events(llm))) == 10 * 1024 * 1024


@pytest.mark.parametrize("name", ["hang", "keepalive-drip"])
async def test_silence_lasts_until_the_client_goes(llm: ScriptedLLM, name: str) -> None:
    llm.script(FAULTS[name])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await post(llm, stream=True)
    await llm.until_abandoned()
    assert (llm.paid, llm.abandoned) == (0, 1)


async def test_a_hang_that_ends_and_a_port_that_closes(llm: ScriptedLLM) -> None:
    llm.script(Hang(0.05), Text("back"))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(llm)
    async with llm.down():
        with pytest.raises(aiohttp.ClientConnectorError):
            await post(llm)
    assert (await post(llm))[0] == 200


async def test_a_stopped_answer_is_not_paid(llm: ScriptedLLM) -> None:
    llm.script(Text("one two three four five six", delay=0.1))
    async with AsyncOpenAI(base_url=llm.base_url, api_key="k") as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "count"}], stream=True
        )
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        await stream.close()
    await llm.until_abandoned()
    assert llm.paid == 0


async def test_the_ledger_finds_an_answer_paid_twice(llm: ScriptedLLM) -> None:
    llm.default(lambda body: Text(body["messages"][-1]["content"]))
    await post(llm)
    await post(llm, messages=[{"role": "user", "content": "other"}])
    assert llm.paid_twice() == []
    await post(llm)
    assert (llm.paid, len(llm.paid_twice())) == (3, 1)


async def test_the_script_tells_what_was_wrong(llm: ScriptedLLM) -> None:
    llm.script(Text("never asked for"))
    with pytest.raises(AssertionError, match="never asked for"):
        llm.assert_complete()
    await post(llm)
    llm.assert_complete()
    assert llm.requests[0].headers["authorization"] == "Bearer k"
    assert (await post(llm))[0] == 400
    with pytest.raises(AssertionError, match="beside the script"):
        llm.assert_complete()


async def test_endless_calls_a_default_a_missing_key_and_embeddings(llm: ScriptedLLM) -> None:
    llm.default(endless_tool_calls("save_user_fact"))
    for _ in range(3):
        assert b"save_user_fact" in (await post(llm, tools=[TOOL]))[1]
    assert (await post(llm, key=""))[0] == 401
    llm.script(HttpError(418, "teapot", {"X-Pot": "yes"}))
    assert (await post(llm))[1] == b"teapot"
    async with AsyncOpenAI(base_url=llm.base_url, api_key="k") as client:
        reply = await client.embeddings.create(
            model="e", input=["намет і ліхтар", "намет", "invoice"], encoding_format="float"
        )
    tent, near, far = (row.embedding for row in reply.data)
    assert sum(map(lambda a, b: a * b, tent, near)) > sum(map(lambda a, b: a * b, tent, far))
