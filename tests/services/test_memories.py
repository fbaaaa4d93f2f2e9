"""A person's own list of facts: pages, deletion, undo."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.core.messages import Person
from bot.db.engine import Database
from bot.db.models import Memory
from bot.memory import facts
from bot.memory.gates import Refused
from bot.services.memories import Memories
from tests.support.clock import ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle


async def remember(database: Database, clock: ManualClock, person: Person, *texts: str) -> list[int]:
    def unit(session: Session) -> list[int]:
        place = settle(session, person, PRIVATE if person is ANN else GROUP, clock.now())
        message = say(session, place, "all of it", clock.now())
        kinds = {"asthma": "health"}
        return [
            facts.save(
                session,
                place.scope,
                facts.NewFact(text, kinds.get(text, "other"), text, message.id),
                50,
                clock.advance(1),
            ).memory_id
            for text in texts
        ]

    return await database.write(unit)


async def test_pages_of_five_newest_first_and_clamped(database: Database, clock: ManualClock) -> None:
    service = Memories(database, clock, 50)
    empty = await service.page(ANN, 3)
    assert (empty.items, empty.page, empty.pages, empty.total) == ((), 0, 1, 0)
    await remember(database, clock, ANN, *(f"fact {n}" for n in range(12)), "asthma")
    await remember(database, clock, BOB, "Bob's")
    first = await service.page(ANN, 0)
    assert [item.text for item in first.items] == ["asthma", *(f"fact {n}" for n in (11, 10, 9, 8))]
    assert [item.private for item in first.items] == [True, False, False, False, False]
    assert (first.pages, first.total) == (3, 13)
    for beyond in (2, 7, 10**9):
        last = await service.page(ANN, beyond)
        assert (last.page, [item.text for item in last.items]) == (2, ["fact 2", "fact 1", "fact 0"])
    assert (await service.page(ANN, -1)).page == 0
    assert [item.text for item in (await service.page(BOB, 0)).items] == ["Bob's"]


async def test_a_deleted_fact_can_be_brought_back_by_its_owner(
    database: Database, clock: ManualClock
) -> None:
    service = Memories(database, clock, 50)
    [fact] = await remember(database, clock, ANN, "mine")
    await remember(database, clock, BOB, "Bob's")
    stranger = Person("999")
    for other in (BOB, stranger):
        assert await service.delete(other, fact) is None
    deleted = await service.delete(ANN, fact)
    assert deleted is not None
    assert deleted.text == "mine"
    assert await service.delete(ANN, fact) is None
    assert (await service.page(ANN, 0)).total == 0
    for other in (BOB, stranger):
        assert await service.restore(other, fact) is None
    assert await service.restore(ANN, fact) is not None
    assert await service.restore(ANN, 12345) is None
    assert [item.id for item in (await service.page(ANN, 0)).items] == [fact]


async def test_an_undo_without_room_is_refused(database: Database, clock: ManualClock) -> None:
    service = Memories(database, clock, 1)
    first, second = await remember(database, clock, ANN, "first", "second")
    await service.delete(ANN, first)

    def pin(session: Session) -> None:
        session.get_one(Memory, second).pinned = True

    await database.write(pin)
    with pytest.raises(Refused):
        await service.restore(ANN, first)
    assert [item.text for item in (await service.page(ANN, 0)).items] == ["second"]
