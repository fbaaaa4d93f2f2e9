"""The lines that the papers print, word for word, against the open product on a real port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.house import House, running_house
from tests.support.llm_steps import Text
from tests.support.printed import Printed, curl, fetch, http

ASK = """\
curl -X POST http://localhost:8000/chat/ \\
  -H "Content-Type: application/json" \\
  -d '{"prompt": "Привет! Меня зовут Иван, я программист", "model": "llama3.2"}'
"""
NUMBERS = "curl http://localhost:8000/memory/stats"
TEST_DATA = "curl -X POST http://localhost:3002/admin-api/create-test-data"

STATES = """\
GET /api/chat/{client_id}/context
---
POST /api/chat/{client_id}/context
Content-Type: application/json

{
  "context_type": "booking_in_progress",
  "context_data": {
    "step": "select_service",
    "service": null,
    "master": null,
    "date": null,
    "time": null
  },
  "expires_in_minutes": 30
}
---
PUT /api/chat/{client_id}/context/booking_in_progress
Content-Type: application/json

{
  "update_data": {
    "step": "select_master",
    "service": "Маникюр"
  },
  "extend_expiry": true,
  "expires_in_minutes": 30
}
---
GET /api/chat/{client_id}/context?context_type=booking_in_progress
---
DELETE /api/chat/{client_id}/context?context_type=booking_in_progress
---
DELETE /api/chat/{client_id}/context
"""

BEGIN = """\
const session = await fetch('/api/v1/chat/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
        user_id: 'user123',
        title: 'New Chat'
    })
}).then(r => r.json());
"""
SAY = """\
await fetch(` /api/v1/chat/sessions/${session.id}/messages` , {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
        message_type: 'user',
        content: 'Hello'
    })
});
"""


@pytest.fixture
async def open_house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """As the playground is open: who sits at this machine needs no key."""
    async with running_house(sqlite_database_url, tmp_path, closed=False, llm_model="llama3.2") as house:
        yield house


async def send(house: House, request: Printed) -> tuple[int, Any]:
    """The answer to a printed request, from any page of this machine."""
    data = None if request.body is None else request.body.encode()
    status, found, _ = await house.ask(request.method, request.path, data=data, headers=request.headers)
    return status, found


async def test_the_chat_line(open_house: House) -> None:
    open_house.llm.script(Text("Привет, Иван!"))
    status, answer = await send(open_house, curl(ASK))
    assert (status, answer["response"], answer["model"]) == (200, "Привет, Иван!", "llama3.2")
    assert "Меня зовут Иван, я программист" in open_house.shown()


async def test_the_lines_of_numbers_and_test_data(open_house: House) -> None:
    status, made = await send(open_house, curl(TEST_DATA))
    assert status in (200, 201), made
    status, numbers = await send(open_house, curl(NUMBERS))
    assert status == 200
    assert {
        "conversations", "users", "messages", "memories", "storage_bytes", "popular_topics", "models",
    } <= numbers.keys()  # fmt: skip
    assert numbers["messages"] > 0


async def test_the_blocks_of_the_dialogue_state(open_house: House) -> None:
    async def step(block: str) -> tuple[int, Any]:
        return await send(open_house, http(block.replace("{client_id}", "client_123")))

    empty, new, change, one, clear, clear_all = STATES.split("---\n")
    assert await step(empty) == (200, {"client_id": "client_123", "contexts": {}, "count": 0})
    nothing = {"step": "select_service", "service": None, "master": None, "date": None, "time": None}
    status, made = await step(new)
    assert (status, made["data"]) == (201, nothing)
    status, changed = await step(change)
    assert (status, changed["data"]) == (200, nothing | {"step": "select_master", "service": "Маникюр"})
    status, shown = await step(one)
    assert (status, shown["count"], shown["client_id"]) == (200, 1, "client_123")
    assert shown["contexts"]["booking_in_progress"] == {
        "data": changed["data"], "created_at": made["created_at"], "expires_at": changed["expires_at"],
    }  # fmt: skip
    assert await step(clear) == (200, {"client_id": "client_123", "deleted": 1})
    assert await step(clear_all) == (200, {"client_id": "client_123", "deleted": 0})


async def test_what_a_page_fetches(open_house: House) -> None:
    status, session = await send(open_house, fetch(BEGIN))
    assert (status, session["title"], session["user_id"]) == (201, "New Chat", "user123")
    status, message = await send(open_house, fetch(SAY, session_id=session["id"]))
    assert (status, message["content"], message["message_type"]) == (201, "Hello", "user")
    assert message["session_id"] == session["id"]
