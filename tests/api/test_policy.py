"""Every route of the API, present and future: nobody gets in without a key that has the right."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.routing import ApiRoute
from bot.app.api import api_document
from bot.core.clock import SystemClock
from bot.db.models import ApiKey
from tests.api.doors import FREE, doors, routes
from tests.api.house import SECRET, House, running_house

FOREVER = 4102444800
OPEN_ROOMS = ("/playground", "/telegram/", "/rehearsal/")
"""What the playground sets beside the API: it runs on this machine alone."""


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=100_000) as running:
        yield running


def test_every_route_declares_its_right() -> None:
    for path, route in routes():
        assert isinstance(route.original_route, APIRoute), path
        assert isinstance(route.original_route, ApiRoute), f"{path}: take bot.api.routing.make_router"
    assert {door.right for door in doors(api_document())} == {"read", "write", "admin"}


async def test_what_stands_beside_the_api_is_known(tmp_path: Path) -> None:
    from bot.app.playing import playground_routes
    from bot.playground.emulator import Emulator
    from bot.playground.store import Store
    from bot.settings import Settings
    from bot.web.app import make_web

    emulator = Emulator(Store(tmp_path / "playground.db"))
    web = make_web([playground_routes(Settings(data_dir=tmp_path), emulator)])
    for found in iter_route_contexts(web.routes):
        path = found.path_format or ""
        assert path in {*FREE, "/", "/favicon.ico"} or path.startswith(OPEN_ROOMS), path


def forgeries(claims: dict[str, Any]) -> dict[str | None, str]:
    """Tokens that look like one of ours, with the code of the refusal."""
    head, body = ({"alg": "none", "typ": "JWT"}, claims)
    unsigned = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, body)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        longer = jwt.encode(claims, SECRET, "HS512")
    return {
        jwt.encode(claims, SECRET + "!", "HS256"): "key_unknown",
        jwt.encode(claims | {"exp": 1}, SECRET, "HS256"): "key_expired",
        longer: "key_unknown",
        unsigned.decode() + ".": "key_unknown",
    }


async def test_bad_keys_are_told_and_let_nobody_in(house: House) -> None:
    revoked = await house.key(scopes="admin")
    await house.keys.revoke(revoked.split("_")[1])
    tomorrow = SystemClock().now() + timedelta(days=1)
    expired = await house.key(scopes="admin", expires=tomorrow)
    await house.app.database.write(lambda s: _put_back(s, expired.split("_")[1]))
    bad: dict[str | None, str] = {
        None: "no_key", "nonsense": "key_malformed", "mn_00000000_" + "0" * 64: "key_unknown",
        revoked: "key_revoked", expired: "key_expired",
    }  # fmt: skip
    bad |= forgeries({"sub": "1", "scope": "admin", "exp": FOREVER})
    for door in doors(api_document()):
        for token, code in bad.items():
            # The body is no JSON: it must not even be looked at.
            status, body, headers = await house.ask(
                door.method, door.path, token, data=b"{", headers={"Content-Type": "application/json"}
            )
            assert (status, body["type"]) == (401, f"urn:mnema:{code}"), (door.method, door.path, code)
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
    tokens["bound"] = await house.key(user="anna")
    tokens["jwt"] = jwt.encode({"sub": "u", "scope": "", "exp": FOREVER}, SECRET, "HS256")
    opens = {"bound": {"read", "write"}, "jwt": set(), "admin": {"read", "write", "admin"}}
    for door in doors(api_document()):
        for name, token in tokens.items():
            status, body, _ = await house.ask(door.method, door.path, token, data=b"{")
            if door.right in opens.get(name, {name}):
                # Without a user or a conversation, memories are the house's: an admin's.
                assert status not in (401, 500), (door.method, door.path, name)
                assert status != 403 or "scope" not in body, (door.method, door.path, name)
            else:
                assert (status, body["scope"]) == (403, door.right), (door.method, door.path, name)


async def test_what_is_free_is_free(house: House) -> None:
    for path in ("/livez", "/readyz", "/openapi.json", "/docs", "/docs/static/docs.js"):
        assert (await house.ask("GET", path))[0] == 200
    for path in ("/docs/static/../docs.py", "/docs/static/%2e%2e/access.py", "/docs/static/nothing"):
        assert (await house.ask("GET", path))[0] == 404
