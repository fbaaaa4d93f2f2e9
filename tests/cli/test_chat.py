"""mnema chat: the same flow in a terminal, with its memory, its marks and its errors."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.chat import talk
from bot.core.errors import MnemaError
from bot.settings import Settings
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import HttpError, Text, ToolCalls
from tests.support.product import product_settings, text_of


@dataclass
class Terminal:
    """What a person at the keyboard has."""

    settings: Settings
    llm: ScriptedLLM
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    async def say(self, text: str, *, as_json: bool = False) -> str:
        """`mnema chat TEXT`; returns what is printed."""
        saying = asyncio.to_thread(talk, self.settings, "kit", text, as_json=as_json)
        await asyncio.wait_for(saying, 20)
        return self.capsys.readouterr().out

    async def type(self, *lines: str) -> str:
        """`mnema chat`, and these lines piped into it."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return await self.say("")


@pytest.fixture
async def terminal(
    sqlite_database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Terminal]:
    monkeypatch.setenv("LC_ALL", "uk_UA.UTF-8")
    async with scripted_llm() as llm:
        yield Terminal(product_settings(sqlite_database_url, tmp_path, llm), llm, capsys, monkeypatch)


async def test_a_fact_told_in_one_call_is_known_in_the_next(terminal: Terminal) -> None:
    saved = ToolCalls(
        [("save_user_fact", {"text": "Lives in Oslo", "kind": "home", "quote": "I live in Oslo"})],
        text="Oslo it is.",
    )
    terminal.llm.script(saved, Text("You live in Oslo."))
    printed = await terminal.say("I live in Oslo")
    assert "Oslo it is." in printed
    assert "Запам’ятано: Lives in Oslo" in printed
    answer = json.loads(await terminal.say("Where do I live?", as_json=True))
    assert answer.keys() == {"answer", "conversation_id", "message_id", "model", "usage"}
    assert answer["answer"] == "You live in Oslo."
    assert answer["usage"]["total_tokens"] > answer["usage"]["completion_tokens"] > 0
    assert "- Lives in Oslo" in text_of(terminal.llm.requests[-1].body)


async def test_lines_are_exchanges_and_commands_begin_anew(terminal: Terminal) -> None:
    long = "A long line is not broken for programs. " * 8
    terminal.llm.script(Text(long.strip()), Text("Second."), Text("Third."))
    printed = await terminal.type(
        "one", "", "/new  Trip", "two", "/clear", "/clear", "three", "/quit", "never said"
    )
    first_answer, began, second_answer, cleared, nothing, third_answer = printed.splitlines()
    assert (first_answer, second_answer, third_answer) == (long.strip(), "Second.", "Third.")
    assert began.startswith("Нова розмова: Trip.")
    assert cleared.startswith("Очищено")
    assert nothing.startswith("Нема чого очищати")
    second, third = (text_of(request.body) for request in terminal.llm.requests[1:])
    assert "two" in second
    assert "not broken" not in second
    assert "three" in third
    assert "Second." not in third


async def test_a_failure_is_one_sentence_in_the_persons_language(terminal: Terminal) -> None:
    terminal.llm.script(*[HttpError(401, {"error": {"message": "bad key sk-secret"}})] * 2)
    with pytest.raises(MnemaError) as failed:
        await terminal.say("hello")
    for told in (str(failed.value), await terminal.type("hello")):
        assert "sk-secret" not in told
        assert "error." not in told
        assert any("а" <= letter <= "я" for letter in told.lower())
