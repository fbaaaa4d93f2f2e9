"""Keeping facts: no doubles, no two homes, no more than the cap, nothing silently lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Memory, MemorySource
from bot.db.repositories import memories
from bot.memory.facts import NewFact, Saved, delete, restore, save
from bot.memory.gates import Refused
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

CAP = 5


class Notebook:
    """One person's facts, one more second after each."""

    def __init__(self, session: Session, clock: ManualClock, cap: int = CAP) -> None:
        place = settle(session, ANN, PRIVATE, clock.now())
        self.session, self.clock, self.cap, self.scope = session, clock, cap, place.scope
        self.message = say(session, place, "all of it", clock.now()).id

    def save(self, text: str, kind: str = "other", **more: Any) -> Saved:
        replaces = [more.pop("replaces")] if "replaces" in more else []
        fact = NewFact(text, kind, text, self.message, replaces, **more)
        return save(self.session, self.scope, fact, self.cap, self.clock.advance(1))

    def restore(self, memory_id: int) -> Memory | None:
        return restore(self.session, self.scope, memory_id, self.cap, self.clock.advance(1))

    def delete(self, memory_id: int) -> Memory | None:
        return delete(self.session, self.scope, memory_id, self.clock.advance(1))

    def row(self, memory_id: int) -> Memory:
        self.session.flush()
        return self.session.get_one(Memory, memory_id)

    @property
    def valid(self) -> list[str]:
        self.session.flush()
        facts = memories.valid_facts(self.session, self.scope, self.clock.now())
        return [fact.text for fact in reversed(facts)]


async def test_the_same_fact_is_kept_once(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        first = notes.save("Likes м’яту, very much!")
        again = notes.save("likes М'ЯТУ very much")
        assert (again.memory_id, again.known, again.text) == (
            first.memory_id,
            True,
            "Likes м’яту, very much!",
        )
        assert not first.known
        assert notes.valid == ["Likes м’яту, very much!"]
        [source] = session.scalars(select(MemorySource))
        assert (source.message_id, source.quote) == (notes.message, "Likes м’яту, very much!")

    await database.write(unit)


async def test_a_new_value_closes_the_old_one_with_its_date(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        old, other = notes.save("lives in Kyiv", "home"), notes.save("has a cat", "family")
        new = notes.save("lives in Lviv", "home")
        assert new.closed == (old.memory_id,)
        row = notes.row(old.memory_id)
        assert (row.invalid_at, row.superseded_by) == (clock.now(), new.memory_id)
        assert notes.row(other.memory_id).invalid_at is None
        assert notes.valid == ["has a cat", "lives in Lviv"]
        # Going back is a fact of its own, not a duplicate of what is over.
        back = notes.save("lives in Kyiv", "home")
        assert (back.known, back.closed) == (False, (new.memory_id,))

    await database.write(unit)


async def test_what_is_only_inferred_closes_nothing_and_stays_private(
    database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        notes.save("lives in Kyiv", "home")
        inferred = notes.save("lives in Lviv", "home", origin="inferred")
        assert inferred.closed == ()
        assert notes.row(inferred.memory_id).scope == "private"
        health = notes.save("has asthma", "health")
        assert notes.row(health.memory_id).sensitive
        group = settle(session, ANN, GROUP, clock.now())
        assert [f.text for f in memories.valid_facts(session, group.scope, clock.now())] == ["lives in Kyiv"]

    await database.write(unit)


async def test_a_fact_can_name_what_it_replaces(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        tea, coffee = notes.save("drinks tea", "diet"), notes.save("drinks coffee", "diet")
        water = notes.save("drinks water", "diet", replaces=tea.memory_id)
        assert water.closed == (tea.memory_id,)
        # Also when the new value was known already.
        again = notes.save("Drinks water", "diet", replaces=coffee.memory_id)
        assert (again.known, again.memory_id, again.closed) == (True, water.memory_id, (coffee.memory_id,))
        assert notes.valid == ["drinks water"]
        # What is over, or somebody else's, cannot be replaced.
        bob = settle(session, BOB, PRIVATE, clock.now())
        theirs = save(session, bob.scope, NewFact("is Bob", "other", "q", notes.message), CAP, clock.now())
        for number in (tea.memory_id, theirs.memory_id, 999):
            assert notes.save(f"new {number}", replaces=number).closed == ()
        assert memories.count_valid(session, bob.scope, clock.now()) == 1

    await database.write(unit)


async def test_the_cap_archives_the_lowest_priority_then_the_oldest_unpinned(
    database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        ids = [notes.save(f"fact {n}").memory_id for n in range(CAP)]
        notes.row(ids[0]).pinned = True
        notes.row(ids[3]).priority = 2
        assert [notes.save(f"more {n}").archived for n in range(3)] == [ids[3], ids[1], ids[2]]
        assert notes.valid == ["fact 0", "fact 4", "more 0", "more 1", "more 2"]
        assert notes.row(ids[3]).archived_at is not None
        # Closing an old value makes its own room.
        home = notes.save("lives here", "home")
        assert home.archived == ids[4]
        assert notes.save("lives there", "home").archived is None
        for row in session.scalars(select(Memory)):
            row.pinned = True
        with pytest.raises(Refused, match="pinned"):
            notes.save("one too many")
        assert "one too many" not in notes.valid
        assert notes.save("lives nowhere", "home").archived is None

    await database.write(unit)


async def test_preferences_do_not_count_and_a_lowered_cap_is_reached(
    database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        for n in range(CAP):
            notes.save(f"fact {n}")
            assert notes.save(f"preference {n}", "preference").archived is None
        assert len(notes.valid) == 2 * CAP
        assert notes.save("another preference", "preference").archived is not None
        notes.cap = 2
        notes.save("the last fact")
        assert [text for text in notes.valid if "preference" not in text] == ["fact 4", "the last fact"]

    await database.write(unit)


async def test_what_expired_or_is_deleted_takes_no_room(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        ids = [notes.save(f"fact {n}").memory_id for n in range(CAP)]
        notes.row(ids[1]).expires_at = clock.now()
        notes.delete(ids[2])
        assert [notes.save(f"more {n}").archived for n in range(3)] == [None, None, ids[0]]

    await database.write(unit)


async def test_twenty_concurrent_saves_keep_the_cap(database: Database) -> None:
    cap = 50

    def save_one(session: Session, scope: Scope, n: int) -> Saved:
        # Each fact comes twice, and all of them at once.
        fact = NewFact(f"fact {n // 2}", "other", "quote", message)
        return save(session, scope, fact, cap, START + timedelta(seconds=n))

    def prepare(session: Session) -> tuple[Scope, int]:
        place = settle(session, ANN, PRIVATE, START)
        spoken = say(session, place, "quote", START).id
        for n in range(45):
            save(session, place.scope, NewFact(f"old {n}", "other", "q", spoken), cap, START)
        return place.scope, spoken

    scope, message = await database.write(prepare)
    saved = await asyncio.gather(
        *(database.write(lambda s, n=n: save_one(s, scope, n)) for n in range(20))  # type: ignore[misc]
    )
    assert sum(one.known for one in saved) == 10
    assert len({one.memory_id for one in saved}) == 10
    archived = [one.archived for one in saved if one.archived is not None]
    assert len(archived) == len(set(archived)) == 5
    now = START + timedelta(hours=1)
    assert await database.read(lambda s: memories.count_valid(s, scope, now)) == cap
    assert await database.read(lambda s: s.scalar(select(func.count()).select_from(Memory))) == 55


async def test_deleting_and_restoring_is_the_owners_alone(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        fact = notes.save("mine").memory_id
        bob = settle(session, BOB, PRIVATE, clock.now()).scope
        for scope in (bob, Scope(None, None, True)):
            assert delete(session, scope, fact, clock.now()) is None
        assert notes.delete(fact) is not None
        assert notes.delete(fact) is None
        assert notes.valid == []
        for scope in (bob, Scope(None, None, True)):
            assert restore(session, scope, fact, CAP, clock.now()) is None
        assert notes.restore(fact) is not None
        assert notes.restore(fact) is None
        assert notes.valid == ["mine"]

    await database.write(unit)


async def test_an_archived_fact_comes_back_and_another_makes_room(
    database: Database, clock: ManualClock
) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        ids = [notes.save(f"fact {n}").memory_id for n in range(CAP + 1)]
        assert notes.restore(ids[0]) is not None
        assert notes.valid == ["fact 0", "fact 2", "fact 3", "fact 4", "fact 5"]
        notes.delete(ids[2])
        notes.save("meanwhile")
        for row in session.scalars(select(Memory)):
            row.pinned = True
        session.flush()
        with pytest.raises(Refused, match="pinned"):
            notes.restore(ids[2])

    await database.write(unit)


async def test_an_undo_makes_no_double_and_no_second_home(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        first = notes.save("has a cat").memory_id
        notes.delete(first)
        second = notes.save("Has a cat!").memory_id
        again = notes.restore(first)
        assert again is not None
        assert again.id == second
        old = notes.save("lives in Kyiv", "home").memory_id
        notes.delete(old)
        notes.save("lives in Lviv", "home")
        with pytest.raises(Refused, match="Lviv"):
            notes.restore(old)
        assert notes.valid == ["Has a cat!", "lives in Lviv"]

    await database.write(unit)


async def test_purged_facts_are_gone_with_their_sources(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> None:
        notes = Notebook(session, clock)
        gone, kept = notes.save("gone").memory_id, notes.save("kept").memory_id
        notes.delete(gone)
        assert memories.purge_deleted(session, clock.now()) == 0
        assert memories.purge_deleted(session, clock.advance(1)) == 1
        session.flush()
        assert session.scalars(select(MemorySource.memory_id)).all() == [kept]
        assert notes.restore(gone) is None

    await database.write(unit)
