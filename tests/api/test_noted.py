"""What an admin reads of people whom only that right reaches is noted, on every route that reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app.api import api_document
from bot.db.models import AuditRow
from tests.api.doors import doors
from tests.api.house import House, running_house
from tests.api.test_strangers import WORD, in_telegram
from tests.support.people import ANN

UNNOTED = {
    "/api/v1/users/{user_id}": "who it is, and numbers",
    "/api/v1/users/{user_id}/profile": "settings",
    "/api/v1/users/{user_id}/stats": "numbers",
    "/api/v1/messages/{message_id}/trace": "no texts unless they are asked for, which is noted on its own",
}
"""What an admin may read of a stranger without a note, and why."""


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=100_000) as running:
        yield running


async def _noted(house: House) -> list[str]:
    return await house.look(lambda s: list(s.scalars(select(AuditRow.target))))


async def test_what_an_admin_reads_of_a_stranger_is_noted(house: House) -> None:
    owner, admin = await in_telegram(house), await house.key(scopes="admin")
    asked = [door for door in doors(api_document()) if door.right == "read" and "{" in door.path]
    ann = ANN.external_id
    bare: list[tuple[str, str, Any]] = [
        ("GET", "/api/v1/conversations", None),
        ("GET", f"/api/v1/memories?user_id={ann}", None),
        ("POST", "/memory/query", {"query": WORD, "user_id": ann}),
    ]
    requests = [(door.method, door.path.format(**owner.ids), door.sent, door.path) for door in asked]
    requests += [(method, url, body, url) for method, url, body in bare]
    before = len(await _noted(house))
    for method, url, body, path in requests:
        status, answer, _ = await house.ask(method, url, admin, json=body)
        assert status == 200 or path in UNNOTED, (path, answer)
        rows = await _noted(house)
        assert len(rows) == before + (path not in UNNOTED), path
        before = len(rows)
    assert set(rows) == {f"user:tg:{ann}", "everybody"}
    assert UNNOTED.keys() <= {door.path for door in asked}


async def test_numbers_count_nothing_of_others(house: House) -> None:
    """Where a path names nobody, a key that made nothing finds nothing."""
    await in_telegram(house)
    for token in (await house.key("mill"), await house.key("inn")):
        for path in ("/memory/stats", "/api/v1/chat/statistics"):
            status, found, _ = await house.ask("GET", path, token)
            counts = {**found, **found.get("memories", {})}
            assert status == 200
            assert {name: n for name, n in counts.items() if isinstance(n, int) and n} == {}, path
    admin = await house.key(scopes="admin")
    assert (await house.ask("GET", "/memory/stats", admin))[1]["memories"]["user"] == 1
