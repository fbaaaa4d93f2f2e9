"""GET /api/v1/messages/{id}/trace, through the real door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.db.models import AuditRow
from tests.api.conftest import house
from tests.support.llm_steps import Text, ToolCalls

if TYPE_CHECKING:
    from tests.api.house import House

__all__ = ["house"]

SAVE = ("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": "I live in Lviv"})


async def test_what_a_reply_knew_for_each_who_asks(house: House) -> None:
    own = await house.key("desk", "read,write")
    house.llm.script(ToolCalls([SAVE], text="Nice!"), Text("An umbrella."))

    async def chat(prompt: str) -> Any:
        said = {"prompt": prompt, "user_id": "anna", "conversation_id": "c1"}
        return (await house.ask("POST", "/chat/", own, json=said))[1]

    await chat("I live in Lviv")
    path = f"/api/v1/messages/{(await chat('What do I take?'))['message_id']}/trace"
    status, trace, _ = await house.ask("GET", path, own)
    assert status == 200
    assert [(fact["text"], fact["quote"]) for fact in trace["facts"]] == [("Lives in Lviv", "I live in Lviv")]
    assert trace["prompt"] == house.llm.requests[-1].body["messages"]
    assert trace["usage"]["calls"] == 1
    layers = {layer["name"]: layer for layer in trace["layers"]}
    assert layers["facts"]["kept"] == [str(trace["facts"][0]["id"])]
    assert all(isinstance(one, str) for one in layers["history"]["kept"])
    assert trace["asked_at"].endswith("Z")

    status, hidden, _ = await house.ask("GET", path, await house.key("ops", "admin"))
    assert (status, hidden["prompt"], hidden["facts"][0]["text"]) == (200, None, None)
    assert "Lviv" not in json.dumps(hidden)
    assert await house.look(lambda s: s.scalars(select(AuditRow.id)).all()) == []
    status, shown, _ = await house.ask("GET", f"{path}?reveal=true", await house.key("ops", "admin"))
    assert (status, shown["prompt"]) == (200, trace["prompt"])
    rows = await house.look(lambda s: s.scalars(select(AuditRow)).all())
    assert [(row.action, row.target) for row in rows] == [("trace.reveal", f"turn:{shown['turn_id']}")]

    other = await house.key("shop", "read,write")
    statuses = [
        (await house.ask("GET", f"{path}?reveal=true", own))[0],
        (await house.ask("GET", path, other))[0],
        (await house.ask("GET", "/api/v1/messages/12/trace", own))[0],
        (await house.ask("GET", "/api/v1/messages/x/trace", own))[0],
        (await house.ask("GET", path))[0],
    ]
    assert statuses == [403, 404, 404, 404, 401]
