"""mnema chat: the same flow in a terminal, with its memory, its marks and its errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.chat import _talk
from bot.core.messages import Person
from bot.settings import Settings
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import HttpError, Text, ToolCalls
from tests.support.product import product_settings, text_of

KIT = Person("kit", "Kit", platform="cli")


@dataclass
class Terminal:
    """What a person at the keyboard has."""

    settings: Settings
    llm: ScriptedLLM
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    async def say(self, text: str) -> str:
        """`mnema chat TEXT`; returns what is printed."""
        await asyncio.wait_for(_talk(self.settings, KIT, text), 20)
        return self.capsys.readouterr().out

    async def type(self, lines: Sequence[str]) -> str:
        """`mnema chat`, and these lines at its prompt; then the end of the input."""
        waiting = iter(lines)

        def ask(_prompt: str) -> str:
            line = next(waiting, None)
            if line is None:
                raise EOFError
            return line

        self.monkeypatch.setattr("builtins.input", ask)
        await asyncio.wait_for(_talk(self.settings, KIT, ""), 20)
        return self.capsys.readouterr().out


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
    assert "You live in Oslo." in await terminal.say("Where do I live?")
    assert "- Lives in Oslo" in text_of(terminal.llm.requests[-1].body)


async def test_several_lines_and_a_new_conversation(terminal: Terminal) -> None:
    terminal.llm.script(Text("First."), Text("Second."))
    printed = await terminal.type(["one", "", "/new", "two"])
    assert printed.index("First.") < printed.index("Second.")
    second = text_of(terminal.llm.requests[-1].body)
    assert "two" in second
    assert "First." not in second


async def test_a_failure_is_one_sentence_in_the_persons_language(terminal: Terminal) -> None:
    terminal.llm.script(HttpError(401, {"error": {"message": "bad key sk-secret"}}))
    printed = await terminal.say("hello")
    assert "sk-secret" not in printed
    assert "error." not in printed
    assert printed.strip()
    assert any("а" <= letter <= "я" for letter in printed.lower())
