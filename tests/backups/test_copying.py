"""A backup is whole, sound and private, on both databases, also while somebody writes."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors import ConfigError, MnemaError
from bot.core.lock import InstanceLock
from bot.db.backup import copy_database
from bot.services import tombstones
from tests.backups.house import House, ask, overwrite, threaded
from tests.erasure.town import settle_town
from tests.support.clock import ManualClock
from tests.support.databases import sqlite_url


async def test_everything_is_in_it(database_url: str, tmp_path: Path, clock: ManualClock) -> None:
    house = House(database_url, tmp_path / "data", clock)
    await house.write(lambda s: settle_town(s, clock.now()))
    shown: list[tuple[int, int]] = []
    made = await threaded(
        lambda: house.backups.make(progress=lambda done, total: shown.append((done, total)))
    )
    assert made.path == tmp_path / "data" / "backups" / "mnema-20260314T092653Z.db"
    assert (made.taken_at, made.fault, made.running) == (clock.now(), None, False)
    assert made.facts.counts == {"users": 2, "conversations": 2, "messages": 7, "memories": 3}
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    assert shown[-1][0] == shown[-1][1] > 0
    assert [file.name for file in made.path.parent.iterdir()] == [made.path.name]
    (held,) = tombstones.holding(made.path.parent, 14)
    assert (held.name, held.ends) == (made.path.name, clock.now() + timedelta(days=14))
    copy = House(sqlite_url(made.path), tmp_path, clock)
    assert await copy.rows() == await house.rows()
    # The index came along: what was said is found by its words.
    assert ask(made.path, "SELECT count(*) FROM fts_messages WHERE fts_messages MATCH '\"c1xzarzuela\"'") == 1


def test_a_copy_ends_and_is_of_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    source, target, stop = tmp_path / "busy.db", tmp_path / "copy.db", threading.Event()
    with closing(sqlite3.connect(source, isolation_level=None)) as first:
        first.execute("PRAGMA journal_mode=WAL").close()
        first.execute("CREATE TABLE left_ (x)").close()
        first.execute("CREATE TABLE right_ (x)").close()
        first.execute(
            "INSERT INTO left_ WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 6000) "
            "SELECT randomblob(4000) FROM n"
        ).close()
        first.execute("INSERT INTO right_ SELECT 1 FROM left_").close()

    def write() -> None:
        with closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as busy:
            while not stop.is_set():
                busy.executescript(
                    "BEGIN IMMEDIATE; INSERT INTO left_ VALUES (1); INSERT INTO right_ VALUES (1); COMMIT"
                )

    writer = threading.Thread(target=write)
    writer.start()
    steps: list[int] = []
    try:
        copy_database(source, target, lambda done, _total: steps.append(done))
    finally:
        stop.set()
        writer.join()
    # Every step went forward: no commit made the copy begin anew.
    assert steps == sorted(steps)
    assert len(steps) > 3
    assert ask(target, "SELECT (SELECT count(*) FROM left_) - (SELECT count(*) FROM right_)") == 0
    assert ask(target, "SELECT count(*) FROM left_") < ask(source, "SELECT count(*) FROM left_")


async def test_it_knows_whether_the_bot_runs(
    sqlite_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    house, lock = House(sqlite_database_url, tmp_path, clock), InstanceLock(tmp_path / "mnema.lock")
    assert not house.backups.make().running
    lock.acquire()
    try:
        assert house.backups.make().running
    finally:
        lock.release()
    assert not house.backups.make().running
    # A copy that nobody marked may be of a running bot.
    assert house.backups.look(tmp_path / "mnema.db").running


async def test_where_it_is_put(sqlite_database_url: str, tmp_path: Path, clock: ManualClock) -> None:
    house = House(sqlite_database_url, tmp_path, clock)
    (tmp_path / "stick").mkdir()
    assert house.backups.make(tmp_path / "stick").path == tmp_path / "stick" / "mnema-20260314T092653Z.db"
    assert house.backups.make(tmp_path / "new" / "mine.db").fault is None
    before = (tmp_path / "mnema.db").read_bytes()
    with pytest.raises(ConfigError, match="is the database itself"):
        house.backups.make(tmp_path / "stick" / ".." / "mnema.db")
    assert (tmp_path / "mnema.db").read_bytes() == before


async def test_what_cannot_be_copied_leaves_nothing(
    sqlite_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    with pytest.raises(ConfigError, match="There is no database"):
        House(sqlite_url(tmp_path / "none.db"), tmp_path, clock).backups.make()
    house = House(sqlite_database_url, tmp_path, clock)

    def stop(_done: int, _total: int) -> None:
        raise InterruptedError("the bot is stopping")

    with pytest.raises(MnemaError, match="stopping"):
        house.backups.make(progress=stop)
    overwrite(tmp_path / "mnema.db")
    with pytest.raises(MnemaError, match="No backup was made"):
        house.backups.make()
    assert list(house.backups.folder.iterdir()) == []


def test_what_a_killed_one_left_is_swept_away(
    sqlite_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    house = House(sqlite_database_url, tmp_path, clock)
    house.backups.folder.mkdir()
    old = [
        house.backups.folder / "mnema-20260314T000000Z.db.x1_.part",
        tmp_path / "mnema-restoring-x.part-wal",
    ]
    young = house.backups.folder / "mnema-20260314T092600Z.db.x2_.part"
    now = clock.now().timestamp()
    for path, age in ((old[0], 7200), (old[1], 7200), (young, 60)):
        path.touch()
        os.utime(path, (now - age, now - age))
    house.backups.make()
    assert [path for path in (*old, young) if path.exists()] == [young]


async def test_a_blank_server_has_nothing_to_copy(
    blank_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    house = House(blank_database_url, tmp_path, clock)
    with pytest.raises(ConfigError, match=r"There is no database at .* yet"):
        await threaded(house.backups.make)


def test_old_ones_end_but_never_the_newest_sound_one(
    sqlite_database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    house = House(sqlite_database_url, tmp_path, clock)
    first = house.backups.make().path
    clock.advance(86_400)
    second = house.backups.make().path
    clock.advance(86_400)
    broken = house.backups.make().path
    overwrite(broken)
    before = house.backups.folder / "mnema-20260301T000000Z-before-0002.db"
    aside = house.backups.folder / "mnema-20260301T000000Z-damaged.db"
    for file in (before, aside):
        file.touch()
    assert house.backups.end_old() == []
    clock.advance(12 * 86_400)
    assert house.backups.end_old() == [first]
    clock.advance(30 * 86_400)
    # Nothing was made for a month: the newest that can be restored stays, whatever its age.
    assert house.backups.end_old() == [broken]
    newest = house.backups.newest_sound()
    assert newest is not None
    assert newest.path == second
    made = house.backups.make()
    assert house.backups.end_old(made.path) == [second]
    assert before.exists()
    assert aside.exists()


def test_what_was_set_aside_ends_when_it_holds_somebody_who_was_erased(
    tmp_path: Path, clock: ManualClock
) -> None:
    aside = tmp_path / "mnema-20260310T000000Z-damaged.db"
    log = tmp_path / "mnema-20260310T000000Z-damaged.db-wal"
    for file in (aside, log):
        file.touch()
    later = clock.now() + timedelta(days=30)
    assert tombstones.end_copies(tmp_path, 14, later) == []
    tombstones.lay(tmp_path, "telegram", "101", clock.now())
    assert [held.name for held in tombstones.holding(tmp_path, 14)] == [aside.name]
    assert tombstones.end_copies(tmp_path, 14, clock.now()) == []
    assert tombstones.end_copies(tmp_path, 14, later) == [aside]
    assert not log.exists()
