"""What belongs to others is not there: in paths, in filters of lists and in bodies, on every route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy.orm import Session

from bot.app.api import api_document
from bot.core.clock import SystemClock
from bot.db.models import Booking
from tests.api.doors import Door, Ids, doors, is_id, naming
from tests.api.house import SECRET, House, running_house
from tests.support.people import ANN, PRIVATE, say, settle

CLAIMS = {"sub": "stranger", "scope": "read write", "exp": 4102444800}
WORD = "quokka"
"""Stands in all that is somebody's; no stranger may ever read it."""


@dataclass(frozen=True)
class Owner:
    """What somebody has, by the name that it goes by in paths, filters and bodies; and who they are not."""

    ids: Ids
    strangers: dict[str, str]
    own: Ids


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=100_000) as running:
        yield running


async def in_telegram(house: House) -> Owner:
    """A Telegram person with everything that one can have."""
    now = SystemClock().now()
    conversation, message = await house.app.database.write(lambda s: _said(s, now))
    things = await _given(house, await house.key(scopes="admin"), ANN.external_id)
    strangers = {
        "application": await house.key(), "other application": await house.key("bank"),
        "bound": await house.key(user="stranger"), "telegram": await house.key(user="909"),
        "token": jwt.encode(CLAIMS, SECRET, "HS256"),
    }  # fmt: skip
    ids = {"user_id": ANN.external_id, "client_id": ANN.external_id, "conversation_id": conversation,
           "session_id": conversation, "message_id": message, "job_id": "1", **things}  # fmt: skip
    return Owner(ids, strangers, {})


def _said(session: Session, now: datetime) -> tuple[str, str]:
    place = settle(session, ANN, PRIVATE, now)
    session.add(Booking(user_id=place.user.id, service=WORD, created_at=now))
    return place.conversation.id, str(say(session, place, f"a {WORD}", now).id)


async def in_a_shop(house: House) -> Owner:
    """A user of one application; strangers are its other users and all of another application."""
    keeper = await house.key("shop")
    new = {"user_id": "anna", "title": WORD}
    session = await _made(house, keeper, "/api/v1/chat/sessions", new)
    said = {"message_type": "user", "content": f"a {WORD}"}
    message = await _made(house, keeper, f"/api/v1/chat/sessions/{session}/messages", said)
    strangers = {"other user": await house.key("shop", user="stranger")}
    ids = {"user_id": "anna", "client_id": "anna", "conversation_id": session, "session_id": session,
           "message_id": message, "job_id": "1", **await _given(house, keeper, "anna")}  # fmt: skip
    return Owner(ids, strangers, {"user_id": "stranger", "client_id": "stranger"})


async def _given(house: House, keeper: str, user_id: str) -> dict[str, str]:
    """A memory, a document and an unfinished business."""
    memory = {"user_id": user_id, "text": f"Keeps a {WORD}", "kind": "other"}
    document = {"title": WORD, "text": f"A {WORD} eats leaves."}
    state = {"context_type": "pets", "context_data": {"pet": WORD}}
    made = {
        "memory_id": await _made(house, keeper, "/api/v1/memories", memory),
        "entry_id": await _made(house, keeper, f"/api/v1/users/{user_id}/knowledge", document),
    }
    assert (await house.ask("POST", f"/api/chat/{user_id}/context", keeper, json=state))[0] == 201
    return made | {"context_type": "pets"}


async def _made(house: House, keeper: str, path: str, body: dict[str, Any]) -> str:
    status, found, _ = await house.ask("POST", path, keeper, json=body)
    assert status == 201, found
    return str(found["id"])


def attempts(document: dict[str, Any], owner: Owner) -> Iterator[tuple[Door, dict[str, Any]]]:
    """Every way to name what is the owner's: in the path, in a filter, in a field of the body."""
    for door in doors(document):
        if door.right == "admin":
            continue
        if "{" in door.path:
            yield door, {"url": door.path.format(**owner.ids), "json": door.sent}
            mine = {**owner.ids, **owner.own}
            if mine != owner.ids and door.path.format(**mine) not in _own_places(door, owner):
                yield door, {"url": door.path.format(**mine), "json": door.sent}
        for name in door.filters:
            params = {name: owner.ids[name]}
            yield door, {"url": door.path.format(**owner.ids), "params": params, "json": door.sent}
        for name in door.fields(document):
            # Some may name one of two: the others are left out.
            body = {key: value for key, value in door.sent.items() if not is_id(key)} | {
                name: owner.ids[name]
            }
            yield door, {"url": door.path.format(**{**owner.ids, "conversation_id": "mine"}), "json": body}


def _own_places(door: Door, owner: Owner) -> set[str]:
    """The address, where nothing in it is the owner's: a stranger finds their own things there."""
    return {door.path.format(**{**owner.ids, **owner.own})} if not _owned(door, owner) else set()


def _owned(door: Door, owner: Owner) -> bool:
    return any(f"{{{name}}}" in door.path for name in owner.ids if is_id(name) and name not in owner.own)


@pytest.mark.parametrize("whose", [in_telegram, in_a_shop])
async def test_what_belongs_to_others_is_not_there(house: House, whose: Any) -> None:
    document, owner = api_document(), await whose(house)
    seen = 0
    for door, request in attempts(document, owner):
        for who, token in owner.strangers.items():
            url = request["url"]
            more = {name: value for name, value in request.items() if name != "url"}
            status, problem, _ = await house.ask(door.method, url, token, **more)
            assert (status, problem["type"]) == (404, "urn:mnema:not_found"), (who, door.method, request)
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("whose", [in_telegram, in_a_shop])
async def test_lists_searches_and_numbers_tell_nothing_of_others(house: House, whose: Any) -> None:
    document, owner = api_document(), await whose(house)
    for door in doors(document):
        if door.right == "admin" or "{" in door.path or (door.method != "GET" and door.right != "read"):
            continue
        for who, token in owner.strangers.items():
            body = None if door.sent is None else {**door.sent, "query": WORD}
            for mine in ({}, dict.fromkeys(door.filters, "stranger")):
                status, found, _ = await house.ask(door.method, door.path, token, params=mine, json=body)
                assert status in (200, 403, 404, 422), (who, door)
                assert WORD not in str(found), (who, door)


async def test_an_import_does_not_speak_for_others(house: House) -> None:
    owner = await in_telegram(house)
    (door,) = [each for each in doors(api_document()) if each.path == "/api/v1/chat/sessions/import"]
    for who, token in owner.strangers.items():
        status, _, _ = await house.ask("POST", door.path, token, json=naming(door.sent, owner.ids))
        assert status == 404, who
