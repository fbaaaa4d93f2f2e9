"""Every server of the field is understood, what it refuses is asked for once only, and notes tell it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from bot.core.errors import LLMError
from bot.core.llm import ToolSpec
from bot.llm.prompt import NO_IMAGE
from tests.llm.room import FACT, IMAGE, ask, chat
from tests.support.llm_server import (
    DIALECTS,
    HttpError,
    Text,
    ToolCalls,
    openai_error,
    scripted_llm,
)

PICTURE = {"role": "user", "content": [{"type": "text", "text": "look"}, IMAGE]}
CALLS = [("save_user_fact", {"text": "живе в Києві"}), ("save_user_fact", {"text": "eats no meat"})]
SCHEMA = {
    "type": "object",
    "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
    "required": ["facts"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_text(dialect: str, ranks_dir: Path) -> None:
    heard: list[str] = []
    async with scripted_llm(dialect) as server, chat(server, ranks_dir) as llm:
        server.script(Text("one two three"), Text("again"))
        completion = await llm.complete(ask(), heard.append)
        assert (completion.text, completion.finish) == ("one two three", "stop")
        assert heard[-1] == "one two three"
        assert all(later.startswith(earlier) for earlier, later in pairwise(heard))
        assert completion.usage.prompt_tokens > 0
        assert completion.usage.completion_tokens > 0
        assert completion.usage.estimated == (dialect in ("no-usage", "refuses-stream-options"))
        tries = len(server.requests)
        assert (await llm.complete(ask())).text == "again"
        assert len(server.requests) == tries + 1, "what was refused is remembered"
        server.assert_complete()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_tool_calls(dialect: str, ranks_dir: Path) -> None:
    async with scripted_llm(dialect) as server, chat(server, ranks_dir) as llm:
        server.script(ToolCalls(CALLS, text="Noted."))
        if dialect == "ollama-no-tools":
            server.script(Text("second"))
        completion = await llm.complete(ask(tools=[FACT]))
        assert completion.text == "Noted."
        if dialect == "ollama-no-tools":
            assert "tools" in (await llm.complete(ask(tools=[FACT]))).notes
            assert "tools" not in server.requests[-1].body
            server.script(Text("third"))
            assert (await llm.complete(ask())).notes == ()
            return
        assert completion.finish == "tool_calls"
        assert "tools" not in completion.notes
        assert [(c.name, json.loads(c.arguments)) for c in completion.tool_calls] == CALLS
        assert len({call.id for call in completion.tool_calls}) == 2
        assert all(call.id for call in completion.tool_calls)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_images(dialect: str, ranks_dir: Path) -> None:
    async with scripted_llm(dialect) as server, chat(server, ranks_dir) as llm:
        server.default(lambda body: Text("seen"))
        completion = await llm.complete(ask(PICTURE))
        assert completion.text == "seen"
        sent = server.requests[-1].body["messages"][-1]["content"]
        if dialect == "no-vision":
            assert "images" in completion.notes
            assert sent == f"look\n{NO_IMAGE}"
            tries = len(server.requests)
            await llm.complete(ask(PICTURE))
            assert len(server.requests) == tries + 1
        else:
            assert "images" not in completion.notes
            assert sent[1] == IMAGE


async def test_images_are_hidden_from_a_model_set_blind(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir, vision=False) as llm:
        server.script(Text("ok"))
        assert (await llm.complete(ask(PICTURE))).notes == ("images",)
        assert "image_url" not in json.dumps(server.requests[-1].body)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_careless_prompt_is_put_in_order(dialect: str, ranks_dir: Path) -> None:
    async with scripted_llm(dialect) as server, chat(server, ranks_dir) as llm:
        server.default(lambda body: Text("ok"))
        completion = await llm.complete(
            ask(
                {"role": "assistant", "content": "earlier"},
                {"role": "user", "content": "one"},
                {"role": "system", "content": "first rule"},
                {"role": "user", "content": "two"},
                {"role": "user", "content": ""},
                {"role": "system", "content": "second rule"},
            )
        )
        assert completion.text == "ok"
        assert server.requests[-1].body["messages"] == [
            {"role": "system", "content": "first rule\n\nsecond rule"},
            {"role": "user", "content": "…"},
            {"role": "assistant", "content": "earlier"},
            {"role": "user", "content": "one\n\ntwo"},
        ]


REFUSALS = [
    ("tools", 404, "No endpoints found that support tool use."),
    ("tools", 500, "tools param requires --jinja flag"),
    ("tools", 400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    ("tools", 422, "Extra inputs are not permitted: body.tools"),
    ("images", 404, "No endpoints found that support image input"),
    ("images", 400, "At most 0 image(s) may be provided in one request."),
    ("images", 400, "some-llm is not a multimodal model"),
    ("images", 400, "messages.1.content must be a string"),
    ("stream_options", 400, "Unrecognized request argument supplied: stream_options"),
    ("stream", 400, "Streaming is not supported for this model"),
    ("max_tokens", 400, "Unsupported parameter: 'max_tokens' is not supported with this model."),
    ("response_format", 400, "This model does not support response_format json_schema"),
]


@pytest.mark.parametrize(("feature", "status", "words"), REFUSALS)
async def test_refusals_in_the_words_of_the_field(
    feature: str, status: int, words: str, ranks_dir: Path
) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(HttpError(status, openai_error(words)), Text("fine"))
        completion = await llm.complete(ask(PICTURE, tools=[FACT], schema=SCHEMA))
        assert completion.text == "fine"
        before, after = (request.body for request in server.requests)
        key = "messages" if feature == "images" else feature
        assert before[key] != after.get(key)
        changed = {name for name in before if before[name] != after.get(name)}
        implied = {"stream": {"stream_options"}, "response_format": {"messages"}}.get(feature, set())
        assert changed == {key} | implied


MISLEADING = [
    "Invalid schema for function 'save_user_fact': 'foo' is not permitted",
    "The thing is broken, tools or not",
]


@pytest.mark.parametrize("words", MISLEADING)
async def test_our_own_mistake_is_not_taken_for_a_refusal(words: str, ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(HttpError(400, openai_error(words)), Text("fine"))
        with pytest.raises(LLMError, match="HTTP 400"):
            await llm.complete(ask(tools=[FACT]))
        await llm.complete(ask(tools=[FACT]))
        assert "tools" in server.requests[-1].body


async def test_one_bad_image_does_not_blind_the_model(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(HttpError(400, openai_error("Invalid image: unsupported format")), Text("a"), Text("b"))
        assert (await llm.complete(ask(PICTURE))).notes == ("images",)
        assert (await llm.complete(ask(PICTURE))).notes == ()


async def test_a_schema_falls_back_twice(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        refusal = HttpError(400, openai_error("response_format is not supported"))
        server.script(refusal, refusal, Text('{"facts": []}'), Text("{}"))
        assert (await llm.complete(ask(schema=SCHEMA))).text == '{"facts": []}'
        first, second, third = (request.body for request in server.requests)
        assert first["response_format"]["json_schema"]["strict"] is True
        assert second["response_format"] == {"type": "json_object"}
        assert "response_format" not in third
        for body in (second, third):
            assert json.dumps(SCHEMA) in body["messages"][0]["content"]
        await llm.complete(ask(schema={"type": "object", "properties": {"a": {}}}))
        assert "response_format" not in server.requests[-1].body


async def test_an_open_schema_is_not_called_strict(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(Text("{}"))
        await llm.complete(ask(schema={"type": "object", "properties": {"a": {"type": "string"}}}))
        assert server.requests[0].body["response_format"]["json_schema"]["strict"] is False


async def test_a_model_without_system_role(ranks_dir: Path) -> None:
    async with scripted_llm() as server, chat(server, ranks_dir) as llm:
        server.script(HttpError(400, openai_error("System role not supported")), Text("ok"))
        await llm.complete(ask({"role": "system", "content": "rule"}, {"role": "user", "content": "hi"}))
        assert server.requests[-1].body["messages"] == [{"role": "user", "content": "rule\n\nhi"}]


async def test_a_turn_with_tools_goes_on_with_a_model_without(ranks_dir: Path) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    tool = ToolSpec("look_up", "Looks.", {"type": "object", "properties": {}})
    async with scripted_llm("ollama-no-tools") as server, chat(server, ranks_dir) as llm:
        server.script(Text("done"))
        completion = await llm.complete(
            ask(
                {"role": "user", "content": "find it"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c", "content": "found"},
                tools=[tool],
            )
        )
        assert completion.text == "done"
        assert server.requests[-1].body["messages"] == [
            {"role": "user", "content": "find it"},
            {"role": "assistant", "content": "[called: look_up]"},
            {"role": "user", "content": "[tool result: found]"},
        ]
