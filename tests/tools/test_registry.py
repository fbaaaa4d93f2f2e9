"""Tools: one row and one result for a call, whatever the model writes and however often it is asked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.llm import ToolCall
from bot.core.views import TurnView
from bot.db.engine import Database
from bot.db.models import Memory, MemorySource, TurnStep
from bot.db.repositories import memories
from bot.db.repositories.turn_view import ViewLimits, load_for_turn
from bot.tools import get_user_facts, save_user_fact
from bot.tools.registry import RESULT_LENGTH, Tool, ToolRegistry, ToolResult, ToolRun, ToolSettings, step_key
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, ask, say, settle

SAID = "My name is Ann. I live in Lviv and I love tea, but no, not coffee."


async def turn(database: Database, text: str = SAID, **more: Any) -> TurnView:
    def unit(session: Session) -> TurnView:
        place = settle(session, ANN, PRIVATE, START)
        asked = ask(session, place, say(session, place, text, START, **more), START)
        return load_for_turn(session, asked.id, ViewLimits(START))

    return await database.write(unit)


def tools(database: Database, *more: Tool, cap: int = 50) -> ToolRegistry:
    return ToolRegistry([save_user_fact.TOOL, get_user_facts.TOOL, *more], database, ToolSettings(cap))


def saving(text: str, quote: str, kind: str = "other", **more: Any) -> ToolCall:
    return ToolCall("c1", "save_user_fact", json.dumps({"text": text, "kind": kind, "quote": quote, **more}))


async def count(database: Database, table: type[Memory] | type[TurnStep]) -> int:
    return await database.read(lambda s: s.scalar(select(func.count()).select_from(table)) or 0)


async def test_the_same_call_twice_is_one_row_and_the_first_result(database: Database) -> None:
    view, registry = await turn(database), tools(database)
    call = saving("Lives in Lviv", "I live in Lviv", "home")
    first = await registry.execute(call, view, START)
    assert (first.text, first.failed) == ("Remembered: Lives in Lviv", False)
    assert [(n["kind"], n["text"]) for n in first.notices] == [("remembered", "Lives in Lviv")]
    # Other spacing, other order of the arguments, another id: the same call.
    respelt = json.dumps(dict(reversed(json.loads(call.arguments).items())), indent=3, ensure_ascii=False)
    assert await registry.execute(replace(call, id="c2", arguments=respelt), view, START) == first
    assert (await count(database, Memory), await count(database, TurnStep)) == (1, 1)
    # In another turn it is another call.
    again = await registry.execute(call, await turn(database), START)
    assert (again.text, again.notices) == ("Already remembered: Lives in Lviv", ())


async def test_concurrent_duplicates_all_get_the_first_result(database: Database) -> None:
    view, registry = await turn(database), tools(database)
    call = saving("Loves tea", "I love tea", "preference")
    results = await asyncio.gather(*(registry.execute(call, view, START) for _ in range(10)))
    assert {result.text for result in results} == {"Remembered: Loves tea"}
    assert all(result == results[0] for result in results)
    assert (await count(database, Memory), await count(database, TurnStep)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("save_user_fact", '{"text": "x", "kind', "do not fit: arguments: Invalid JSON"),
        ("save_user_fact", "[1, 2]", "do not fit"),
        ("save_user_fact", "null", "do not fit"),
        ("save_user_fact", "", "text: Field required; kind: Field required; quote: Field required"),
        (
            "save_user_fact",
            '{"text": 5, "kind": "home", "quote": "q"}',
            "text: Input should be a valid string",
        ),
        ("save_user_fact", '{"text": "\\ud83d", "kind": "home", "quote": "q"}', "do not fit"),
        ("save_user_fact", '{"text": "cut \ud83d', "do not fit"),
        ("save_user_fact", "[" * 100_000, "do not fit"),
        ("save_fact", "{}", "There is no tool 'save_fact'. Tools: save_user_fact, get_user_facts."),
        ("x\x00\n" * 90, "{}", "There is no tool 'x x"),
        ("", "{}", "There is no tool ''"),
    ],
)
async def test_bad_calls_come_back_as_text(
    database: Database, name: str, arguments: str, answer: str
) -> None:
    result = await tools(database).execute(ToolCall("c", name, arguments), await turn(database), START)
    assert result.failed
    assert answer in result.text
    assert len(result.text) < 500
    assert result.notices == ()


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (saving("Lives in Kyiv", "I live in Kyiv", "home"), "does not stand in what the person wrote"),
        (saving("Lives in Lviv", "", "home"), "the quote is empty"),
        (saving("", "I live in Lviv", "home"), "the fact is empty"),
        (saving("x" * 301, "I live in Lviv", "home"), "longer than 300"),
        (saving("Lives in Lviv", "I live in Lviv", "address"), "unknown kind"),
        (saving("Lives in Lviv", "I live in Lviv", "home", replaces=3), "there is no fact number 3"),
    ],
)
async def test_refusals_come_back_as_text_and_store_nothing(
    database: Database, call: ToolCall, answer: str
) -> None:
    result = await tools(database).execute(call, await turn(database), START)
    assert result.failed
    assert result.text.startswith("Not done: ")
    assert answer in result.text
    assert await count(database, Memory) == 0


async def test_forwarded_words_write_no_memory(database: Database) -> None:
    view = await turn(database, forwarded_from="Bob")
    result = await tools(database).execute(saving("Loves tea", "I love tea"), view, START)
    assert "forwarded text" in result.text
    assert "confirm" in result.text
    assert [n["kind"] for n in result.notices] == ["proposed"]
    assert await database.read(lambda s: memories.count_valid(s, view.scope, START)) == 0


async def test_a_full_pinned_memory_refuses(database: Database) -> None:
    view, registry = await turn(database), tools(database, cap=1)
    await registry.execute(saving("Lives in Lviv", "I live in Lviv"), view, START)

    def pin(session: Session) -> None:
        session.scalars(select(Memory)).one().pinned = True

    await database.write(pin)
    result = await registry.execute(saving("Loves tea", "I love tea"), view, START)
    assert result.failed
    assert "pinned" in result.text


async def test_a_quote_with_odd_characters_is_storable(database: Database) -> None:
    view = await turn(database)
    result = await tools(database).execute(saving("Loves tea", "I love\x00 tea"), view, START)
    assert (result.text, result.failed) == ("Remembered: Loves tea", False)
    assert await database.read(lambda s: s.scalar(select(MemorySource.quote))) == "I love tea"


async def test_numbers_of_facts_stay_while_facts_come_and_go(database: Database) -> None:
    view, registry = await turn(database), tools(database)

    async def listed(call_id: str) -> list[str]:
        result = await registry.execute(ToolCall(call_id, "get_user_facts", "{}"), view, START)
        return [line.partition(" (")[0] for line in result.text.splitlines()]

    assert (await listed("l0"))[0] == "Nothing is remembered about this person yet."
    for text, quote in (("Ann", "My name is Ann"), ("Lviv", "I live in Lviv"), ("tea", "I love tea")):
        await registry.execute(saving(text, quote), view, START)
    assert await listed("l1") == ["1. Ann", "2. Lviv", "3. tea"]
    updated = await registry.execute(saving("Anna", "My name is Ann", replaces=1), view, START)
    assert [n["kind"] for n in updated.notices] == ["updated"]
    assert await listed("l2") == ["2. Lviv", "3. tea", "4. Anna"]
    # The model may still hold the first list: its number 3 is tea now as then.
    await registry.execute(saving("no tea", "not coffee", replaces=3), view, START)
    assert await listed("l3") == ["2. Lviv", "4. Anna", "5. no tea"]
    assert await listed("l1") == ["1. Ann", "2. Lviv", "3. tea"], "a re-run reads what the model read"
    stale = await registry.execute(saving("again", "I love tea", replaces=1), view, START)
    assert "no fact number 1" in stale.text


async def test_facts_of_others_and_private_ones_are_not_listed_in_a_group(database: Database) -> None:
    private = await turn(database)
    registry = tools(database)
    await registry.execute(saving("Loves tea", "I love tea"), private, START)
    await registry.execute(saving("Has asthma", "I live in Lviv", "health"), private, START)

    def group_turns(session: Session) -> list[TurnView]:
        views = []
        for person in (ANN, BOB):
            place = settle(session, person, GROUP, START)
            asked = ask(session, place, say(session, place, "what do you know?", START), START)
            views.append(load_for_turn(session, asked.id, ViewLimits(START)))
        return views

    ann, bob = await database.write(group_turns)
    call = ToolCall("c", "get_user_facts", "{}")
    assert (await registry.execute(call, ann, START)).text.splitlines() == [
        f"1. Loves tea (other, said {START:%Y-%m-%d})"
    ]
    assert "Nothing is remembered" in (await registry.execute(call, bob, START)).text


async def test_a_tool_that_breaks_leaves_nothing_and_is_not_recorded(database: Database) -> None:
    class Nothing(BaseModel):
        pass

    def broken(call: ToolRun, _: Nothing) -> ToolResult:
        place = settle(call.session, BOB, GROUP, START)
        say(call.session, place, "half done", START)
        raise ZeroDivisionError

    def wordy(_: ToolRun, __: Nothing) -> ToolResult:
        return ToolResult("x" * (RESULT_LENGTH + 1))

    registry = tools(
        database, Tool("broken", "breaks", Nothing, broken), Tool("wordy", "talks", Nothing, wordy)
    )
    view = await turn(database)
    with pytest.raises(ZeroDivisionError):
        await registry.execute(ToolCall("c", "broken", "{}"), view, START)
    assert await count(database, TurnStep) == 0
    assert len((await registry.execute(ToolCall("c", "wordy", "{}"), view, START)).text) == RESULT_LENGTH


async def test_tools_run_only_within_a_turn(database: Database) -> None:
    view = replace(await turn(database), turn_id=None)
    with pytest.raises(ValueError, match="within a turn"):
        await tools(database).execute(saving("a", "b"), view, START)


def test_schemas_are_lean_and_keys_fit(sqlite_database: Database) -> None:
    registry = tools(sqlite_database)
    specs = {spec.name: spec for spec in registry.specs()}
    assert list(specs) == ["save_user_fact", "get_user_facts"]
    assert "title" not in json.dumps(dict(specs["save_user_fact"].parameters))
    assert set(specs["save_user_fact"].parameters["required"]) == {"text", "kind", "quote"}
    assert registry.only_saving([saving("a", "b")])
    assert not registry.only_saving([saving("a", "b"), ToolCall("c", "get_user_facts", "{}")])
    assert len(step_key(ToolCall("c", "n" * 500, "{}"))) <= 128
