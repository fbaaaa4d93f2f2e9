"""Who may talk to the bot: an owner, a list, or everyone; and strangers leave no trace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import Base, Profile
from bot.db.repositories import people
from bot.services.access import Access, AccessRules
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE

API = ChatRef("session", "api", platform="api")


def access(database: Database, clock: ManualClock, **rules: Any) -> Access:
    return Access(AccessRules(**rules), database, clock)


async def rows(database: Database) -> int:
    def unit(session: Session) -> int:
        tables = Base.metadata.sorted_tables
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)

    return await database.read(unit)


@pytest.mark.parametrize(
    ("rules", "ann", "bob"),
    [
        ({}, "stranger", "stranger"),
        ({"owner_id": "101"}, "allowed", "stranger"),
        ({"mode": "allowlist", "allowed": ("102",)}, "stranger", "allowed"),
        ({"mode": "allowlist", "allowed": ("@ANN",), "owner_id": "102"}, "allowed", "allowed"),
        ({"mode": "allowlist", "allowed": ("@bob", "ann", "10")}, "stranger", "stranger"),
        ({"mode": "open"}, "allowed", "allowed"),
        ({"everyone": True}, "allowed", "allowed"),
    ],
)
async def test_who_is_allowed(
    sqlite_database: Database, clock: ManualClock, rules: dict[str, Any], ann: str, bob: str
) -> None:
    gate = access(sqlite_database, clock, **rules)
    assert await gate.decide(ANN, PRIVATE) == ann
    assert await gate.decide(BOB, replace(PRIVATE, external_id="102")) == bob
    assert await gate.decide(None, PRIVATE) == ("allowed" if rules.get("everyone") else "stranger")
    assert await gate.decide(ANN, GROUP) == ("allowed" if rules.get("everyone") else "group_pending")
    assert await gate.decide(ANN, API) == "allowed"
    assert await rows(sqlite_database) == 0, "looking stores nothing"


async def test_the_claim_works_once(database: Database, clock: ManualClock) -> None:
    gate = access(database, clock)
    code = await gate.claim_code()
    assert code is not None
    assert len(code) >= 16
    assert await gate.claim_code() == code, "a second start prints the same link"
    before = await rows(database)
    assert not await gate.claim("", ANN)
    assert not await gate.claim(code + "x", ANN)
    assert not await gate.claim("код", ANN)
    assert await rows(database) == before
    assert await gate.claim(code, ANN)
    assert not await gate.claim(code, BOB)
    assert (await gate.owner(), await gate.claim_code()) == (ANN.external_id, None)
    assert await gate.decide(ANN, PRIVATE) == "allowed"
    assert await gate.decide(BOB, PRIVATE) == "stranger"


async def test_many_claims_at_once_make_one_owner(database: Database, clock: ManualClock) -> None:
    gate = access(database, clock)
    codes = await asyncio.gather(*(gate.claim_code() for _ in range(8)))
    assert len(set(codes)) == 1
    claimants = [Person(str(n)) for n in range(8)]
    won = await asyncio.gather(*(gate.claim(codes[0] or "", person) for person in claimants))
    assert won.count(True) == 1
    assert await gate.owner() == claimants[won.index(True)].external_id


async def test_a_configured_owner_needs_no_code(database: Database, clock: ManualClock) -> None:
    gate = access(database, clock, owner_id="101")
    assert await gate.claim_code() is None
    assert not await gate.claim("", BOB)
    assert await gate.owner() == "101"


async def test_a_group_is_taken_once_an_allowed_person_approved_it(
    database: Database, clock: ManualClock
) -> None:
    gate = access(database, clock, owner_id="101")
    assert not await gate.approve(GROUP, BOB, True)
    assert await rows(database) == 0
    assert await gate.approve(GROUP, ANN, True)
    assert await gate.decide(BOB, GROUP) == "allowed"
    assert await gate.decide(None, GROUP) == "allowed"
    assert await gate.decide(ANN, replace(GROUP, external_id="-2")) == "group_pending"
    assert await gate.approve(GROUP, ANN, False)
    assert await gate.decide(BOB, GROUP) == "group_pending"


async def test_the_language_is_chosen_then_the_clients_then_the_default(
    database: Database, clock: ManualClock
) -> None:
    gate = access(database, clock, default_language="ru")
    assert await gate.language(BOB) == "uk"
    assert await gate.language(replace(BOB, language_code="de-AT")) == "ru"
    assert await gate.language(replace(BOB, language_code=None)) == "ru"
    assert await rows(database) == 0

    def choose(session: Session) -> None:
        user = people.upsert_user(session, BOB, START)
        session.add(Profile(user_id=user.id, language="en", updated_at=START))

    await database.write(choose)
    assert await gate.language(BOB) == "en"
