"""Units of work: all or nothing, side by side, announced and answered only when they are on the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from bot.db.engine import Database, announce, make_database
from bot.db.models import Meta, User
from bot.db.repositories import people
from tests.support.clock import START
from tests.support.opened import opened
from tests.support.people import ANN
from tests.support.waiting import until


def put(session: Session, key: str, number: int = 0) -> None:
    session.add(Meta(key=key, value={"n": number}, updated_at=START))
    session.flush()


def keys(session: Session) -> list[str]:
    return list(session.scalars(select(Meta.key).order_by(Meta.key)))


def number(session: Session, key: str) -> int:
    return int(session.get_one(Meta, key).value["n"])


@asynccontextmanager
async def one_group(database: Database) -> AsyncIterator[None]:
    """Keep SQLite's writer busy meanwhile, so that what is submitted inside shares one commit."""
    go_on = threading.Event()
    async with asyncio.TaskGroup() as tasks:
        if database.url.startswith("sqlite"):
            tasks.create_task(database.write(lambda _: go_on.wait(10)))
            await asyncio.sleep(0.05)
        yield
        await asyncio.sleep(0.05)
        go_on.set()


async def test_a_failing_unit_leaves_nothing_and_hurts_no_neighbour(database: Database) -> None:
    def failing(session: Session) -> None:
        put(session, "half")
        session.flush()
        raise LookupError("on purpose")

    def clashing(session: Session) -> None:
        put(session, "neighbour-3")
        put(session, "clash")

    await database.write(lambda s: put(s, "clash"))
    for unit, error in ((failing, LookupError), (clashing, IntegrityError)):
        with pytest.raises(error):
            await database.write(unit)
    async with one_group(database):
        first = asyncio.gather(
            database.write(failing), database.write(lambda s: put(s, "a")), return_exceptions=True
        )
    await first
    assert await database.read(keys) == ["a", "clash"]
    work = [database.write(lambda s, n=n: put(s, f"neighbour-{n}")) for n in range(3)]  # type: ignore[misc]
    work[1:1] = [database.write(failing), database.write(clashing)]
    async with one_group(database):
        waiting = asyncio.gather(*work, return_exceptions=True)
    outcomes = await waiting
    assert [type(outcome) for outcome in outcomes] == [
        type(None), LookupError, IntegrityError, type(None), type(None),
    ]  # fmt: skip
    assert await database.read(keys) == ["a", "clash", "neighbour-0", "neighbour-1", "neighbour-2"]


async def test_fifty_concurrent_increments_lose_nothing(database: Database) -> None:
    def increment(session: Session) -> int:
        row = session.get_one(Meta, "counter", with_for_update=True)
        row.value = {"n": row.value["n"] + 1}
        return int(row.value["n"])

    await database.write(lambda s: put(s, "counter"))
    seen = await asyncio.gather(*(database.write(increment) for _ in range(50)))
    assert sorted(seen) == list(range(1, 51))
    assert await database.read(lambda s: number(s, "counter")) == 50


async def test_two_processes_on_one_database_lose_nothing_either(database: Database) -> None:
    def increment(session: Session) -> None:
        row = session.get_one(Meta, "counter", with_for_update=True)
        row.value = {"n": row.value["n"] + 1}

    await database.write(lambda s: put(s, "counter"))
    async with opened(database.url) as other:
        await asyncio.gather(*(side.write(increment) for _ in range(100) for side in (database, other)))
    assert await database.read(lambda s: number(s, "counter")) == 200


async def test_a_result_comes_only_after_the_commit(database: Database) -> None:
    async with opened(database.url) as other:
        for n in range(5):
            await database.write(lambda s, n=n: put(s, f"k{n}"))  # type: ignore[misc]
            assert f"k{n}" in await other.read(keys)


async def test_announcements_come_after_the_commit_and_only_from_kept_units(database: Database) -> None:
    heard: list[str] = []
    for topic in ("kept", "failed"):
        database.listen(topic, lambda topic=topic: heard.append(topic))  # type: ignore[misc]
    entered, go_on = threading.Event(), threading.Event()

    def kept(session: Session) -> None:
        announce(session, "kept")
        put(session, "row")
        if database.url.startswith("sqlite"):  # on PostgreSQL units run on the loop itself
            entered.set()
            assert go_on.wait(10)

    def failed(session: Session) -> None:
        announce(session, "failed")
        raise LookupError

    writing = asyncio.gather(database.write(kept), database.write(failed), return_exceptions=True)
    if database.url.startswith("sqlite"):
        await asyncio.to_thread(entered.wait, 10)
        assert heard == []
        go_on.set()
    await writing
    await until(lambda: bool(heard))
    await asyncio.sleep(0.05)
    assert heard == ["kept"]


async def test_a_cancelled_caller_does_not_take_its_unit_back(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(database.write(lambda s: put(s, "kept")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()

    async def kept() -> bool:
        return await database.read(keys) == ["kept"]

    await until(kept)


async def test_close_commits_what_was_submitted(database_url: str) -> None:
    database = make_database(database_url)
    await database.open()

    def submit(numbers: range) -> asyncio.Future[list[None]]:
        return asyncio.gather(*(database.write(lambda s, n=n: put(s, f"k{n:02}")) for n in numbers))  # type: ignore[misc]

    patient, gone = submit(range(0, 30, 2)), submit(range(1, 30, 2))
    await asyncio.sleep(0)
    gone.cancel()
    await database.close()
    await patient
    with pytest.raises(asyncio.CancelledError):
        await gone
    async with opened(database_url) as again:
        assert await again.read(keys) == [f"k{n:02}" for n in range(30)]


async def test_a_closed_database_refuses_instead_of_waiting_for_ever(database_url: str) -> None:
    database = make_database(database_url)
    for state in ("never opened", "closed"):
        async with asyncio.timeout(5):
            with pytest.raises(RuntimeError, match="not open"):
                await database.write(keys)
            with pytest.raises(RuntimeError, match="not open"):
                await database.read(keys)
            if state == "never opened":
                await database.open()
                await database.close()
    await database.close()


async def test_the_writer_outlives_whatever_a_unit_raises(database: Database) -> None:
    class Odd(BaseException):
        pass

    def odd(_: Session) -> None:
        raise Odd

    async with asyncio.timeout(5):
        with pytest.raises(Odd):
            await database.write(odd)
        await database.write(lambda s: put(s, "after"))
    assert await database.read(keys) == ["after"]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(lambda s: put(s, "sneaked"))
    assert await database.read(keys) == []


async def test_a_read_sees_one_snapshot(database: Database) -> None:
    if not database.url.startswith("sqlite"):  # units run on the loop there and cannot wait for each other
        level = await database.read(lambda s: s.scalar(text("SHOW transaction_isolation")))
        assert level == "repeatable read"
        return
    between, go_on = threading.Event(), threading.Event()

    def twice(session: Session) -> tuple[list[str], list[str]]:
        first = keys(session)
        between.set()
        assert go_on.wait(10)
        return first, keys(session)

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(database.read(twice))
        await asyncio.to_thread(between.wait, 10)
        await database.write(lambda s: put(s, "new"))
        go_on.set()
    assert reading.result() == ([], [])


async def test_aware_times_come_back_as_they_were_and_naive_ones_are_refused(database: Database) -> None:
    moment = datetime(2026, 7, 1, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))

    def store(session: Session, at: datetime) -> int:
        return people.upsert_user(session, ANN, at).id

    user_id = await database.write(lambda s: store(s, moment))
    stored = await database.read(lambda s: s.get_one(User, user_id).created_at)
    assert stored == moment
    assert stored.tzinfo is UTC
    with pytest.raises(StatementError, match="naive"):
        await database.write(
            lambda s: s.add(Meta(key="naive", value={}, updated_at=moment.replace(tzinfo=None)))
        )
    # What stood before a comparison is converted too.
    found = await database.read(lambda s: s.scalar(select(User.id).where(User.created_at == moment)))
    assert found == user_id


async def test_strings_that_no_database_holds_are_mended(database: Database) -> None:
    broken = {"text": "a\x00b \ud83d\ude00 \ud83d end", "\udc00": ["\x00"]}
    await database.write(lambda s: s.add(Meta(key="odd", value=broken, updated_at=START)))
    stored = await database.read(lambda s: s.get_one(Meta, "odd").value)
    assert stored == {"text": "ab 😀 \ufffd end", "\ufffd": [""]}


async def test_sqlite_is_set_up_as_measured(sqlite_database: Database) -> None:
    def pragmas(session: Session) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete", "query_only")
        return {name: session.scalar(text(f"PRAGMA {name}")) for name in names}

    wanted = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000, "secure_delete": 1,
    }  # fmt: skip
    assert await sqlite_database.write(pragmas) == wanted | {"query_only": 0}
    assert await sqlite_database.read(pragmas) == wanted | {"query_only": 1}


async def test_a_full_disk_fails_the_unit_that_needs_the_room_and_no_other(sqlite_database: Database) -> None:
    def limit(session: Session) -> None:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count={int(pages or 0) + 4}"))

    def huge(session: Session) -> None:
        session.add(Meta(key="huge", value={"x": "y" * 1_000_000}, updated_at=START))

    await sqlite_database.write(limit)
    async with one_group(sqlite_database):
        waiting = asyncio.gather(
            sqlite_database.write(lambda s: put(s, "a")),
            sqlite_database.write(huge),
            sqlite_database.write(lambda s: put(s, "b")),
            return_exceptions=True,
        )
    outcomes = await waiting
    assert outcomes[0] is None
    assert isinstance(outcomes[1], DBAPIError)
    assert outcomes[2] is None
    assert await sqlite_database.read(keys) == ["a", "b"]
