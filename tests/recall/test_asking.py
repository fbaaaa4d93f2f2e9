"""The tool that the model searches with, and the service behind /search and the API."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.core.llm import ToolCall
from bot.core.messages import Person
from bot.core.views import TurnView
from bot.db.engine import Database
from bot.db.models import Conversation
from bot.db.repositories.turn_view import ViewLimits, load_for_turn
from bot.memory.indexing import flush
from bot.memory.recall import Recall
from bot.services.search import Search
from bot.tools import search_memory
from bot.tools.registry import ToolRegistry, ToolSettings
from tests.recall.telling import DAY, between, tell
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, ask, say, settle


async def searched(database: Database, **arguments: str) -> str:
    now = START + DAY

    def unit(session: Session) -> TurnView:
        place = settle(session, ANN, GROUP, now)
        turn = ask(session, place, say(session, place, "who broke the kite?", now), now)
        return load_for_turn(session, turn.id, ViewLimits(now))

    view = await database.write(unit)
    assert view.scope.chat_id is not None
    await flush(database, [view.scope.chat_id])
    registry = ToolRegistry([search_memory.TOOL], database, ToolSettings())
    call = ToolCall("c1", "search_memory", json.dumps(arguments))
    result = await registry.execute(call, view, now)
    assert not result.failed
    return result.text


async def test_the_tool_tells_who_said_what_and_when(database: Database) -> None:
    await between(database, [(ANN, "my kite is red"), (BOB, "I broke the kite, sorry"), (ANN, "never mind")])
    text = await searched(database, query="kite")
    said = START + timedelta(minutes=1)
    assert f"- {said:%Y-%m-%d %H:%M} Bob (id:102) in Neighbours: I broke the kite, sorry" in text
    assert "who broke the kite?" not in text  # the turn's own question
    bobs = await searched(database, query="kite", who="Bob")
    assert [line.split(": ", 1)[1] for line in bobs.splitlines()] == ["I broke the kite, sorry"]
    assert "kite" in await searched(database, query="kite", when="yesterday")
    assert await searched(database, query="zeppelin") == (
        "Nothing was found. Other words or another time may find more."
    )


def test_the_tools_schema_is_small() -> None:
    spec = search_memory.TOOL.spec
    assert len(json.dumps([spec.name, spec.description, dict(spec.parameters)])) < 900
    assert search_memory.TOOL.reads


async def test_search_also_looks_behind_clear_and_narrows(database: Database) -> None:
    clock = ManualClock()
    search = Search(Recall(database), database, clock)
    await tell(database, ["the ferry leaves at six", "ferry tickets are with mother"])
    await tell(database, ["ferry?"], who=BOB, where=replace(PRIVATE, external_id="102"))
    await database.write(lambda s: s.execute(update(Conversation).values(cleared_at=START)))
    found = await search.query(ANN, PRIVATE, "ferry")
    assert {f.text for f in found} == {"the ferry leaves at six", "ferry tickets are with mother"}
    assert all(f.type == "conversation" and f.key.startswith("m:") and 0 < f.score <= 1 for f in found)
    assert len(await search.query(ANN, None, "ferry", limit=1)) == 1
    here = await search.query(ANN, PRIVATE, "ferry", conversation_id=found[0].source)
    assert {f.source for f in here} == {found[0].source}
    assert await search.query(ANN, PRIVATE, "ferry", conversation_id="another") == []
    assert await search.query(ANN, PRIVATE, "ferry", types=["user"]) == []
    assert await search.query(ANN, PRIVATE, "ferry", tags=["sea"]) == []
    assert await search.query(ANN, PRIVATE, "ferry tickets", min_score=0.95) == [
        f for f in await search.query(ANN, PRIVATE, "ferry tickets") if f.score >= 0.95
    ]
    assert await search.query(Person("999"), None, "ferry") == []
    assert await search.query(ANN, replace(GROUP, external_id="-7"), "ferry") == []
    assert await search.query(ANN, PRIVATE, "  ") == []
