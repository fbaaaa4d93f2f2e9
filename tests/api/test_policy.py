"""Every route of the API, present and future: nobody gets in without a key, or further than it reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.access import requirement
from bot.api.mount import api_routers
from bot.api.routing import ApiRoute
from bot.app.api import api_document
from bot.core.clock import SystemClock
from bot.core.ids import message_id
from bot.db.models import ApiKey, AuditRow, Document, Memory
from bot.web.app import make_web
from tests.api.house import SECRET, House, running_house
from tests.support.people import ANN, PRIVATE, say, settle

FREE = {"/livez", "/readyz", "/openapi.json", "/docs", "/docs/static/{path}"}

FOREIGN = {
    "user_id": ANN.external_id, "job_id": "1", "entry_id": "1", "message_id": str(message_id(1, 1)),
    "client_id": ANN.external_id, "context_type": "booking_in_progress",
    "session_id": "2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e", "memory_id": "1",
    "conversation_id": "2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e",
}  # fmt: skip
"""For every word that stands in a path: what belongs to somebody else."""


UNNOTED = {
    "/api/v1/users/{user_id}": "who it is, and numbers",
    "/api/v1/users/{user_id}/profile": "settings",
    "/api/v1/users/{user_id}/stats": "numbers",
    "/api/v1/messages/{message_id}/trace": "no texts unless they are asked for, which is noted on its own",
}
"""What an admin may read of a stranger without a note, and why."""


@dataclass(frozen=True)
class Door:
    """A route with one of its methods."""

    method: str
    path: str
    right: str

    @property
    def url(self) -> str:
        return self.path.format(**FOREIGN)


def routes() -> Iterator[tuple[str, Any]]:
    for found in iter_route_contexts(make_web(api_routers()).routes):
        path = found.path_format or ""
        if path not in FREE and not path.endswith("/health"):
            yield path, found


def doors() -> list[Door]:
    found = []
    for path, route in routes():
        declared = requirement(route.dependant)
        assert declared is not None, f"{path} declares no right"
        found += [Door(method, path, declared.right) for method in sorted(route.methods)]
    return found


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=100_000) as running:
        now = SystemClock().now()
        said = await running.app.database.write(lambda s: _secret(s, now))
        assert str(said) == FOREIGN["message_id"], "the first message of the first conversation"
        yield running


def _secret(session: Session, now: datetime) -> int:
    place = settle(session, ANN, PRIVATE, now)
    place.conversation.id = FOREIGN["session_id"]
    kept = Memory(
        id=int(FOREIGN["memory_id"]), user_id=place.user.id, kind="other", text="a secret", text_key="secret",
        origin="explicit", valid_at=now, created_at=now,
    )  # fmt: skip
    document = Document(
        id=int(FOREIGN["entry_id"]), user_id=place.user.id, title="a secret", mime="text/plain", size=1,
        digest="0", status="ready", created_at=now, updated_at=now,
    )  # fmt: skip
    session.add_all([kept, document])
    return say(session, place, "a secret", now).id


def test_every_route_declares_its_right_and_knows_its_strangers() -> None:
    for path, route in routes():
        assert isinstance(route.original_route, APIRoute), path
        assert isinstance(route.original_route, ApiRoute), f"{path}: take bot.api.routing.make_router"
    for door in doors():
        assert door.url, door


async def test_bad_keys_are_told_and_let_nobody_in(house: House) -> None:
    revoked = await house.key(scopes="admin")
    await house.keys.revoke(revoked.split("_")[1])
    tomorrow = SystemClock().now() + timedelta(days=1)
    expired = await house.key(scopes="admin", expires=tomorrow)
    await house.app.database.write(lambda s: _put_back(s, expired.split("_")[1]))
    forged = jwt.encode({"sub": "1", "scope": "admin", "exp": 4102444800}, SECRET + "!", "HS256")
    bad = {
        None: "no_key", "nonsense": "key_malformed", "mn_00000000_" + "0" * 64: "key_unknown",
        revoked: "key_revoked", expired: "key_expired", forged: "key_unknown",
    }  # fmt: skip
    for door in doors():
        for token, code in bad.items():
            # The body is no JSON: it must not even be looked at.
            status, body, headers = await house.ask(
                door.method, door.url, token, data=b"{", headers={"Content-Type": "application/json"}
            )
            assert (status, body["type"]) == (401, f"urn:mnema:{code}"), door
            assert headers["WWW-Authenticate"].startswith('Bearer realm="mnema"')
            assert headers["Content-Type"] == "application/problem+json"
    for odd in ("Basic dXNlcjpwYXNz", "Bearer", "bearer  ", "Token x"):
        status, _, _ = await house.ask("GET", "/api/v1/jobs", headers={"Authorization": odd})
        assert status == 401


def _put_back(session: Session, prefix: str) -> None:
    key = session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).one()
    key.expires_at = SystemClock().now()


async def test_each_right_opens_its_own_doors(house: House) -> None:
    tokens = {right: await house.key(scopes=right) for right in ("read", "write", "admin")}
    tokens["jwt"] = jwt.encode({"sub": "u", "scope": "", "exp": 4102444800}, SECRET, "HS256")
    for door in doors():
        for right, token in tokens.items():
            if right not in ("admin", door.right):
                status, body, _ = await house.ask(door.method, door.url, token, data=b"{")
                assert (status, body["scope"]) == (403, door.right), door


async def test_what_belongs_to_others_is_not_there(house: House) -> None:
    document = api_document()
    tokens = [await house.key(), await house.key("shop"), await house.key(user="u-1")]
    claims = {"sub": "u-1", "scope": "read write", "exp": 4102444800}
    tokens.append(jwt.encode(claims, SECRET, "HS256"))
    seen = 0
    for door in doors():
        if door.right == "admin" or "{" not in door.path:
            continue
        for token in tokens:
            body = _example(document, door)
            status, problem, _ = await house.ask(door.method, door.url, token, json=body)
            assert (status, problem["type"]) == (404, "urn:mnema:not_found"), door
            seen += 1
    assert seen > 0


async def test_what_an_admin_reads_of_a_stranger_is_noted(house: House) -> None:
    document, admin = api_document(), await house.key(scopes="admin")
    asked = [door for door in doors() if door.right == "read" and "{" in door.path]
    ann = ANN.external_id
    bare: list[tuple[str, str, Any]] = [
        ("GET", "/api/v1/conversations", None),
        ("GET", f"/api/v1/memories?user_id={ann}", None),
        ("POST", "/memory/query", {"query": "secret", "user_id": ann}),
    ]
    requests = [(door.method, door.url, _example(document, door), door.path) for door in asked]
    requests += [(method, url, body, url) for method, url, body in bare]
    noted = 0
    for method, url, body, path in requests:
        status, answer, _ = await house.ask(method, url, admin, json=body)
        assert status == 200 or path in UNNOTED, (path, answer)
        noted += path not in UNNOTED
        rows = await house.look(lambda s: s.scalars(select(AuditRow.target)).all())
        assert len(rows) == noted, path
    assert set(rows) == {f"user:tg:{ANN.external_id}", "everybody"}
    assert UNNOTED.keys() <= {door.path for door in asked}


async def test_numbers_count_nothing_of_others(house: House) -> None:
    """Where a path names nobody, a key that made nothing finds nothing."""
    asked = 0
    for token in (await house.key(), await house.key("shop")):
        for path in ("/memory/stats", "/api/v1/chat/statistics"):
            status, found, _ = await house.ask("GET", path, token)
            counts = {**found, **found.get("memories", {})}
            assert status == 200
            assert {name: n for name, n in counts.items() if isinstance(n, int) and n} == {}, path
            asked += 1
    admin = await house.key(scopes="admin")
    assert (await house.ask("GET", "/memory/stats", admin))[1]["memories"]["user"] == 1
    assert asked == 4


async def test_what_is_free_is_free(house: House) -> None:
    for path in ("/livez", "/readyz", "/openapi.json", "/docs", "/docs/static/docs.js"):
        assert (await house.ask("GET", path))[0] == 200
    for path in ("/docs/static/../docs.py", "/docs/static/%2e%2e/access.py", "/docs/static/nothing"):
        assert (await house.ask("GET", path))[0] == 404


def _example(document: dict[str, Any], door: Door) -> Any:
    """The document's own example of a route's body; it has to be one that the route takes."""
    operation = document["paths"][door.path][door.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example")
