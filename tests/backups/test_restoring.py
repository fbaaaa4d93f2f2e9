"""A restored backup is the same bot again, with nobody back who was forgotten and nothing done twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app.restoring import RECOVERY
from bot.core.errors import ConfigError, MnemaError
from bot.core.jobs import NewJob
from bot.core.messages import Person
from bot.db.models import Job, Message, Turn, User
from bot.db.repositories import jobs, people
from bot.db.sqlite import sqlite_engine
from bot.services.erasure import Erasure
from tests.backups.house import House, ask, holds, overwrite, threaded
from tests.erasure.town import KEPT, WORD, settle_town
from tests.support import people as town
from tests.support.clock import START, ManualClock
from tests.support.databases import sqlite_url
from tests.support.opened import opened
from tests.support.people import ANN, BOB, GROUP, PRIVATE

DAY = 86_400.0


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: ManualClock) -> House:
    """An instance on each of the databases."""
    return House(database_url, tmp_path / "data", clock)


@pytest.fixture
def file_house(sqlite_database_url: str, tmp_path: Path, clock: ManualClock) -> House:
    """An instance on a file."""
    return House(sqlite_database_url, tmp_path / "data", clock)


async def test_back_to_a_backup(house: House, tmp_path: Path, clock: ManualClock) -> None:
    await house.write(lambda s: settle_town(s, clock.now()))
    before = await house.rows()
    made = await threaded(house.backups.make)
    taken = clock.now()
    clock.advance(DAY)
    later = clock.now()
    await house.write(lambda s: town.say(s, town.settle(s, BOB, GROUP, later), "a mistake", later).id)
    await house.write(lambda s: town.ask(s, *_last(s), later).id)
    given = max(row[0] for row in (await house.rows())["turns"])
    done = await house.restore(made)
    assert await house.rows() == before
    assert (done.since, done.until, done.erased, done.unanswered) == (taken, later, 0, 0)
    assert done.aside == house.backups.folder / f"mnema-{later:%Y%m%dT%H%M%SZ}-replaced.db"
    assert done.aside.stat().st_mode & 0o777 == 0o600
    assert ask(done.aside, "SELECT count(*) FROM messages WHERE content = 'a mistake'") == 1
    told = await house.read(lambda s: people.get_meta(s, RECOVERY))
    assert told == {
        "from": taken.isoformat(), "until": later.isoformat(), "backup": made.path.name,
        "aside": done.aside.name, "fault": None,
    }  # fmt: skip
    # An old button still names the turn that is gone: no new one may get its number.
    new = await house.write(lambda s: town.ask(s, *_last(s), later).id)
    assert new > given + 1000
    assert not list(tmp_path.rglob("*.part*"))
    # It is a backup as well: the restore can be taken back.
    assert house.backups.look(done.aside).fault is None


def _last(session: Session) -> tuple[town.Place, Message]:
    place = town.settle(session, BOB, GROUP, START)
    return place, town.say(session, place, "and this?", START)


@pytest.mark.postgres
async def test_moving_house_between_databases(
    sqlite_database_url: str, postgres_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    old = House(sqlite_database_url, tmp_path / "old", clock)
    await old.write(lambda s: settle_town(s, clock.now()))
    everything = await old.rows()
    new = House(postgres_database_url, tmp_path / "new", clock)
    done = await new.restore(old.backups.make())
    assert done.aside is None
    assert await new.rows() == everything
    await new.write(lambda s: town.say(s, town.settle(s, BOB, GROUP, clock.now()), "hello", clock.now()).id)
    found = await new.read(
        lambda s: s.connection().exec_driver_sql("SELECT count(*) FROM fts_messages").scalar()
    )
    assert found == 2
    third = House(sqlite_url(tmp_path / "third" / "mnema.db"), tmp_path / "third", clock)
    await third.restore(await threaded(new.backups.make))
    assert await third.rows() == await new.rows()


async def test_whoever_was_erased_stays_so(file_house: House, tmp_path: Path, clock: ManualClock) -> None:
    house, place = file_house, tmp_path
    await house.write(lambda s: settle_town(s, clock.now()))
    made = house.backups.make()
    clock.advance(DAY)
    await _erase(house, ANN)
    clock.advance(DAY)
    back = clock.now()
    await house.write(lambda s: town.say(s, town.settle(s, ANN, PRIVATE, back), "I am back", back).id)
    second = house.backups.make()
    clock.advance(DAY)
    # The old backup: Ann of then is forgotten again, in every byte.
    assert (await house.restore(made)).erased == 1
    assert not holds(place, "mnema.db*", WORD)
    assert holds(place, "mnema.db*", KEPT)
    assert await house.read(lambda s: [u.external_id for u in s.scalars(select(User))]) == ["102"]
    # The one from after her return: she stays, although her tombstone was replayed in between.
    assert (await house.restore(second)).erased == 0
    assert await house.read(lambda s: {u.external_id for u in s.scalars(select(User))}) == {"101", "102"}
    assert holds(place, "mnema.db*", "I am back")


async def test_the_database_remembers_who_was_erased(
    house: House, tmp_path: Path, clock: ManualClock
) -> None:
    await house.write(lambda s: settle_town(s, clock.now()))
    made = await threaded(house.backups.make)
    clock.advance(DAY)
    # Erased by a replica with a folder of its own: no tombstone lies beside this backup.
    async with opened(house.url) as database:
        await Erasure(database, clock, tmp_path / "elsewhere", 14).erase(ANN)
    assert (await house.restore(made)).erased == 1
    assert not any(WORD in repr(row) for table in (await house.rows()).values() for row in table)


async def test_tombstones_travel_with_the_backup(
    file_house: House, tmp_path: Path, clock: ManualClock
) -> None:
    await file_house.write(lambda s: settle_town(s, clock.now()))
    made = file_house.backups.make()
    clock.advance(DAY)
    await _erase(file_house, ANN)
    new = House(sqlite_url(tmp_path / "new" / "data" / "mnema.db"), tmp_path / "new" / "data", clock)
    done = await new.restore(made)
    assert (done.erased, done.aside) == (1, None)
    assert not holds(tmp_path / "new" / "data", "mnema.db*", WORD)
    # They stay here too: another old backup may be restored some day.
    assert list(new.backups.folder.glob("erased-*.json"))


@pytest.mark.parametrize("running", [True, False])
async def test_what_was_under_way(file_house: House, clock: ManualClock, running: bool) -> None:
    house, now = file_house, clock.now()

    def unit(session: Session) -> None:
        place = town.settle(session, BOB, GROUP, now)
        town.ask(session, place, town.say(session, place, "well?", now), now, status="answering")
        new = [
            NewJob("telegram.update", "receive", "in:1", {"x": 1}, "tg:1"),
            NewJob("turn.answer", "answer", "turn:1", {"turn_id": 1}),
            NewJob("reminder", "answer", "remind:1", due_at=now + timedelta(hours=2)),
            NewJob("memory.extract", "background", "memory:1"),
        ]
        jobs.enqueue(session, new, now)
        jobs.claim(session, "answer", 1, "somebody", now, now + timedelta(seconds=30))

    await house.write(unit)
    made = house.backups.make(running=running)
    clock.advance(DAY)
    done = await house.restore(made)
    states = await house.read(lambda s: {job.kind: job.status for job in s.scalars(select(Job))})
    turn = await house.read(lambda s: s.scalars(select(Turn)).one().status)
    if running:
        # The bot went on and answered: what it had in hand is not answered again, but not lost either.
        assert done.unanswered == 2
        assert states == {
            "telegram.update": "dead", "turn.answer": "dead", "reminder": "queued", "memory.extract": "queued"
        }  # fmt: skip
        assert turn == "stopped"
        return
    assert done.unanswered == 0
    assert set(states.values()) == {"queued", "running"}
    assert turn == "answering"


async def test_an_older_schema_is_upgraded(file_house: House, tmp_path: Path, clock: ManualClock) -> None:
    from alembic import command

    from bot.db.migrate import alembic_config

    old = tmp_path / "mnema-20260101T000000Z-before-0005.db"
    await threaded(lambda: command.upgrade(alembic_config(sqlite_url(old)), "0004"))
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(
            "INSERT INTO users (platform, external_id, first_name, last_name, created_at, last_seen_at)"
            " VALUES ('telegram', '7', 'Ann', '', '2025-01-01', '2025-01-01')"
        )
    assert (await file_house.restore(old)).since.year == 2026
    assert await file_house.read(lambda s: s.scalars(select(User)).one().first_name) == "Ann"
    assert ask(old, "SELECT version_num FROM alembic_version") == "0004"


async def test_what_cannot_be_restored(file_house: House, tmp_path: Path, clock: ManualClock) -> None:
    house = file_house
    made = house.backups.make().path
    newer, broken, other = (tmp_path / f"{name}.db" for name in ("newer", "broken", "other"))
    for path in (newer, broken):
        path.write_bytes(made.read_bytes())
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    overwrite(broken)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE diary (x)").close()
    before = (tmp_path / "mnema.db").read_bytes()
    for path, why in (
        (newer, "made by a newer Mnema"), (broken, "malformed|database disk image|page"),
        (other, "no database of Mnema"), (tmp_path / "none.db", "no such file"),
    ):  # fmt: skip
        with pytest.raises(MnemaError, match=why):
            await house.restore(path)
    assert (tmp_path / "mnema.db").read_bytes() == before


async def test_nobody_may_use_it_meanwhile(house: House, clock: ManualClock) -> None:
    await house.write(lambda s: settle_town(s, clock.now()))
    made = await threaded(house.backups.make)
    async with opened(house.url) as database:
        if house.url.startswith("sqlite"):
            await database.read(lambda s: s.scalar(select(User.id).limit(1)))
        with pytest.raises(ConfigError, match="Somebody is using the database"):
            await house.restore(made)
    assert len((await house.rows())["users"]) == 2
    await house.restore(made)


async def test_a_log_that_was_left_is_no_part_of_what_comes(
    file_house: House, tmp_path: Path, clock: ManualClock
) -> None:
    made = file_house.backups.make()
    engine = sqlite_engine(file_house.url, writer=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('left', '{}', '2026-01-01')")
    kept = {end: (tmp_path / f"mnema.db{end}").read_bytes() for end in ("", "-wal")}
    engine.dispose()
    for end, data in kept.items():  # as a kill leaves them
        (tmp_path / f"mnema.db{end}").write_bytes(data)
    overwrite(tmp_path / "mnema.db", 1)
    done = await file_house.restore(made)
    assert done.aside is not None
    assert done.aside.name.endswith("-damaged.db")
    assert done.aside.with_name(f"{done.aside.name}-wal").read_bytes() == kept["-wal"]
    assert await file_house.read(lambda s: people.get_meta(s, "left")) is None
    assert (await file_house.read(lambda s: people.get_meta(s, RECOVERY)) or {})["fault"]


async def _erase(house: House, person: Person) -> None:
    async with opened(house.url) as database:
        await Erasure(database, house.clock, house.backups.folder, 14).erase(person)
