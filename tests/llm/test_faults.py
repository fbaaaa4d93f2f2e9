"""Every fault of the wire ends in an answer or in one kind of LLMError, and tells nothing private."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import LLMError
from tests.llm.room import FACT, KEY, PROMPT, ask, chat
from tests.support.llm_server import FAULTS, Cut, HttpError, Raw, Text, openai_error, scripted_llm

GOOD = Text("All is well.")


@dataclass(frozen=True)
class Row:
    """What the server plays, and what comes of it: a text with its finish, or a kind of error."""

    name: str
    plays: Sequence[Any]
    text: str | None = None
    finish: str = "stop"
    error: str | None = None
    retry_after: float | None = None


def error_400(message: str, code: str | None = None) -> HttpError:
    return HttpError(400, openai_error(message, code=code))


def fault(name: str) -> Any:
    return FAULTS[name]


ROWS = [
    # An attempt that cost nothing is made again, twice at most.
    Row("reset once", [fault("reset-before-reply"), GOOD], text=GOOD.text),
    Row("reset always", [fault("reset-before-reply")] * 3, error="unavailable"),
    Row("500 twice", [fault("500"), fault("500"), GOOD], text=GOOD.text),
    Row("500 always", [fault("500")] * 3, error="unavailable"),
    Row("503 once", [fault("503"), GOOD], text=GOOD.text),
    Row("502 html", [fault("502-html"), GOOD], text=GOOD.text),
    Row("short wait", [HttpError(429, {}, {"Retry-After": "0.05"}), GOOD], text=GOOD.text),
    Row("long wait", [fault("429-long")], error="rate_limited", retry_after=3600),
    Row("503 long wait", [HttpError(503, {}, {"Retry-After": "60"})], error="unavailable", retry_after=60),
    Row(
        "busy always",
        [HttpError(429, {}, {"retry-after-ms": "20"})] * 3,
        error="rate_limited",
        retry_after=0.02,
    ),
    # What no second attempt would change.
    Row("401", [fault("401")], error="auth"),
    Row("403", [fault("403")], error="auth"),
    Row("402", [fault("402")], error="quota"),
    Row("429 quota", [fault("429-quota")], error="quota"),
    Row("404", [fault("404")], error="not_found"),
    Row("400 model", [error_400("invalid model ID")], error="not_found"),
    Row("413", [fault("413")], error="too_large"),
    Row("too long", [fault("context-too-long")], error="too_large"),
    Row("filtered 400", [error_400("blocked", "content_filter")], error="refused"),
    Row("odd 400", [error_400("no")], error="bad_response"),
    Row("filtered answer", [fault("content-filter")], error="refused"),
    # An answer that broke is asked for once more.
    Row("reset in the middle", [fault("reset-mid-stream"), GOOD], text=GOOD.text),
    Row("dropped in the middle", [fault("dropped-mid-stream"), GOOD], text=GOOD.text),
    Row("cut", [fault("cut-without-done"), GOOD], text=GOOD.text),
    Row("cut twice", [Cut("one two three four"), Cut("one two")], text="one two three ", finish="truncated"),
    Row("cut, then gone", [Cut("a b c d"), *[fault("500")] * 3], text="a b c ", finish="truncated"),
    Row("cut before a word", [Cut("a b", 0)] * 2, error="bad_response"),
    Row("html", [fault("html-200")] * 2, error="bad_response"),
    Row("html once", [fault("html-200"), GOOD], text=GOOD.text),
    Row("error object", [fault("error-json-200"), GOOD], text=GOOD.text),
    Row("error object twice", [fault("error-json-200")] * 2, error="unavailable"),
    Row("error event", [fault("error-event")] * 3, error="unavailable"),
    Row("error string", [Raw(b'{"error": "model not found"}')], error="not_found"),
    Row("bad event", [fault("bad-sse-json")] * 2, error="bad_response"),
    Row("half json", [fault("not-json")] * 2, error="bad_response"),
    Row("nothing", [fault("empty-body")] * 2, error="bad_response"),
    Row("no choices", [fault("empty-choices")] * 2, error="bad_response"),
    Row("no words", [fault("null-content")] * 2, error="bad_response"),
    Row("no words once", [fault("null-content"), GOOD], text=GOOD.text),
    Row("plain words", [Raw(b"busy, sorry", content_type="text/plain")] * 2, error="bad_response"),
    Row("deep json", [Raw(b"[" * 200_000)] * 2, error="bad_response"),
    Row("a list", [Raw(b"[1]")] * 2, error="bad_response"),
    # Odd, but an answer.
    Row("no content type", [fault("no-content-type")], text="an answer without a content type"),
    Row("length", [fault("length")], text="the answer stops in the mid", finish="length"),
    Row("ten megabytes", [fault("ten-megabytes")], text="0123456789abcdef" * 500, finish="length"),
    Row(
        "json though a stream was asked for",
        [Raw(b'{"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}')],
        text="whole",
    ),
    Row(
        "done without a reason",
        [Raw(b'data:{"choices":[{"delta":{"content":"hm"}}]}\r\n\r\ndata: [DONE]', content_type=None)],
        text="hm",
    ),
    Row(
        "thoughts in the text",
        [Text("<think>They greet me.</think>\n\nHello!", chunks=12)],
        text="Hello!",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_fault(row: Row, ranks_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(*row.plays)
        if row.error is None:
            completion = await llm.complete(ask(tools=[FACT]))
            assert (completion.text, completion.finish) == (row.text, row.finish)
            told = repr(completion.notes)
        else:
            with pytest.raises(LLMError) as caught:
                await llm.complete(ask(tools=[FACT]))
            assert (caught.value.kind, caught.value.retry_after) == (row.error, row.retry_after)
            told = "".join(traceback.format_exception(caught.value))
        server.assert_complete()
    for private in (KEY, PROMPT):
        assert private not in told
        assert private not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("bot."))


async def test_refused_connection(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        async with server.down():
            with pytest.raises(LLMError) as caught:
                await llm.complete(ask())
        assert caught.value.kind == "unavailable"
        server.script(GOOD)
        assert (await llm.complete(ask())).text == GOOD.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://nobody.invalid:0x/v1", "http://[::1"])
async def test_addresses_that_lead_nowhere(url: str, ranks_dir: Path) -> None:
    async with chat(url, ranks_dir) as llm:
        with pytest.raises(LLMError):
            await llm.complete(ask())


@pytest.mark.parametrize("name", ["bad-arguments", "unknown-tool"])
async def test_strange_tool_calls_pass_as_they_are(name: str, ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(FAULTS[name])
        completion = await llm.complete(ask(tools=[FACT]))
        assert completion.finish == "tool_calls"
        assert completion.tool_calls[0].arguments in ('{"text": "lives in Ky', '{"x": 1}')


async def test_silence_after_a_tool_is_no_fault(ranks_dir: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "save_user_fact", "arguments": "{}"}}
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(Text(None))
        completion = await llm.complete(
            ask(
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "saved"},
            )
        )
        assert (completion.text, completion.finish) == ("", "stop")
