"""Whatever is sent, no answer is a server error or one that the document does not tell of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.api import api_document
from tests.api.doors import operations
from tests.api.house import House, running_house
from tests.support.llm_steps import Text

KEYS = {
    "admin": {"scopes": "admin"},
    "application": {},
    "bound": {"user": "anna"},
    "reader": {"scopes": "read"},
}


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """No caller is made to wait; the model always has an answer."""
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=100_000) as running:
        running.llm.default(lambda _: Text("Ok."))
        yield running


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "phases"),
    [
        ("admin", ["coverage"]),
        ("admin", ["fuzzing"]),
        ("application", ["examples", "stateful"]),
        ("bound", ["examples"]),
        ("reader", ["examples"]),
    ],
)
async def test_every_answer_is_as_the_document_says(house: House, key: str, phases: list[str]) -> None:
    from tests.api.wire import explore

    document, token = api_document(), await house.key(**KEYS[key])
    found = await asyncio.to_thread(explore, document, house.base, token, phases)
    assert not found.faults, found.told()
    assert set(found.asked) == set(operations(document)), "an operation was not asked"
    assert {200, 404} <= found.statuses
