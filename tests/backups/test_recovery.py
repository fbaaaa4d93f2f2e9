"""A bot whose file is damaged goes on from the newest sound backup, and says from when it knows nothing."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.backing_up import DUE, EVERY, FIRST_AFTER, KIND, due_backup
from bot.app.condition import LateCondition
from bot.app.recovery import recover
from bot.app.wiring import App, build_app
from bot.core.errors import ConfigError
from bot.core.jobs import ClaimedJob
from bot.db.copies import broken
from bot.db.engine import Database
from bot.db.repositories import people
from tests.backups.house import House, overwrite
from tests.erasure.town import WORD, settle_town
from tests.support.clock import ManualClock
from tests.support.emulator import running_emulator
from tests.support.llm_server import scripted_llm
from tests.support.llm_steps import Text
from tests.support.opened import database
from tests.support.product import product_settings, running_bot
from tests.support.waiting import until

__all__ = ["database"]

HINT = "restart the bot"


@pytest.fixture
def house(sqlite_database_url: str, tmp_path: Path, clock: ManualClock) -> House:
    """An instance on a file."""
    return House(sqlite_database_url, tmp_path, clock)


async def test_a_damaged_file_at_the_start(
    sqlite_database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        llm = await stack.enter_async_context(scripted_llm())
        telegram = await stack.enter_async_context(running_emulator())
        settings = product_settings(sqlite_database_url, tmp_path, llm)
        ann = await telegram.person("Ann")
        chat = await telegram.private(ann)
        async with running_bot(settings, telegram, llm) as before:
            llm.script(Text("Noted, seven."))
            await telegram.wait_reply(await ann.say(chat, "My lucky number is seven"), timeout=60)
            made = await asyncio.to_thread(House(sqlite_database_url, tmp_path, ManualClock()).backups.make)
            llm.script(Text("Lovely."))
            await telegram.wait_reply(await ann.say(chat, "And I like tea"), timeout=60)
            assert (await before.app.condition())["ready"]
        assert made.running
        overwrite(tmp_path / "mnema.db")
        damaged = (tmp_path / "mnema.db").read_bytes()
        with caplog.at_level(logging.ERROR):
            async with running_bot(settings, telegram, llm) as after:
                llm.script(Text("Seven it is."))
                asked = await ann.say(chat, "Which number was it?")
                await telegram.wait_reply(asked, contains="Seven", timeout=60)
                told = await after.app.condition()
        # The same conversation goes on; what came after the backup is unknown, and that is said.
        assert "My lucky number is seven" in after.prompt_text()
        assert "I like tea" not in after.prompt_text()
    assert (told["ready"], told["database"]) == (True, "ok")
    assert told["recovery"]["backup"] == made.path.name
    assert told["recovery"]["from"] == made.taken_at.isoformat()
    assert "nothing is known of what happened between 2026-03-14 09:26 UTC and" in caplog.text
    aside = tmp_path / "backups" / str(told["recovery"]["aside"])
    assert aside.read_bytes() == damaged
    assert str(aside) in caplog.text


async def test_the_newest_broken_one_is_passed_over(house: House, clock: ManualClock) -> None:
    await house.write(lambda s: settle_town(s, clock.now()))
    good = house.backups.make()
    clock.advance(3600)
    worse = house.backups.make()
    for path in (worse.path, house.backups.folder.parent / "mnema.db"):
        overwrite(path)
    clock.advance(3600)
    done = await recover(house.settings, clock)
    assert done is not None
    assert (done.backup.path, done.until - done.since) == (good.path, timedelta(hours=2))
    assert any(WORD in repr(row) for row in (await house.rows())["messages"])
    assert await recover(house.settings, clock) is None


@pytest.mark.parametrize("state", ["damaged", "no database", "cut off"])
async def test_without_a_backup_the_start_stops(house: House, tmp_path: Path, state: str) -> None:
    path = tmp_path / "mnema.db"
    if state == "damaged":
        overwrite(path)
    elif state == "no database":
        path.write_text("a diary " * 1000)
    else:
        path.write_bytes(path.read_bytes()[: 9 * 4096])
    before = path.read_bytes()
    app = build_app(house.settings)
    with pytest.raises(ConfigError) as caught:
        await app.open()
    await app.close(0.0)
    assert str(caught.value).startswith(f"The database at {path} is damaged (")
    assert "there is no sound backup" in str(caught.value)
    assert "`mnema db restore FILE`" in str(caught.value)
    assert path.read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


async def test_an_empty_file_beside_backups_is_a_loss(
    house: House, tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "mnema.db"
    await house.write(lambda s: settle_town(s, clock.now()))
    house.backups.make()
    path.write_bytes(b"")
    assert await recover(house.settings, clock) is not None
    assert broken(path) is None


async def test_a_missing_file_beside_backups_is_wondered_at(
    house: House, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    house.backups.make()
    (tmp_path / "mnema.db").unlink()
    assert await recover(house.settings, clock) is None
    assert "to go on with the newest, stop the bot and run `mnema db restore`" in caplog.text


async def test_what_cannot_be_opened_is_not_taken_for_damaged(
    house: House, tmp_path: Path, clock: ManualClock
) -> None:
    house.backups.make()
    (tmp_path / "mnema.db").rename(tmp_path / "away.db")
    (tmp_path / "mnema.db").mkdir()
    with pytest.raises(ConfigError, match="cannot be opened; check DATABASE_URL"):
        await recover(house.settings, clock)
    assert (tmp_path / "mnema.db").is_dir()


async def test_it_falls_due_once_a_day(database: Database, clock: ManualClock) -> None:
    async def look() -> list[str | None]:
        return await database.write(lambda s: [job.dedup_key for job in due_backup(s, clock.now())])

    assert await look() == []
    clock.advance(FIRST_AFTER.total_seconds() - 1)
    assert await look() == []
    clock.advance(1)
    first = await look()
    assert len(first) == 1
    assert await look() == []
    # Down for three days: one backup, and the next one a day later.
    clock.advance(3 * EVERY.total_seconds())
    second = await look()
    assert len(second) == 1
    assert second != first
    assert await look() == []
    stored = await database.read(lambda s: people.get_meta(s, DUE))
    assert stored == {"at": (clock.now() + EVERY).isoformat()}


async def test_the_daily_backup(database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    house = House(database_url, tmp_path / "data", clock)
    app = build_app(house.settings, clock=clock)
    await app.open()
    try:
        await app.database.write(lambda s: settle_town(s, clock.now()))
        old = house.backups.folder / "mnema-20260101T000000Z.db"
        old.parent.mkdir(parents=True)
        old.touch()
        await app.ticker.look(next(tick for tick in app.ticker._ticks if tick.name == "backup"))
        clock.advance(FIRST_AFTER.total_seconds())
        await app.work()
        await until(lambda: len(house.backups.paths()) == 1 and not old.exists(), 30)
        (made,) = house.backups.paths()
        found = await asyncio.to_thread(house.backups.look, made)
        assert (found.fault, found.running, found.taken_at) == (None, True, clock.now())
        if database_url.startswith("sqlite"):
            await _damage_is_told(app, tmp_path / "mnema.db", caplog)
            assert house.backups.paths() == [made]
    finally:
        await app.close(2.0)


async def _damage_is_told(app: App, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    overwrite(path, 9)
    assert (await app.condition())["database"] == "damaged"  # seen by who stumbles over it
    handler = app.jobs.entry(KIND).handler
    await handler(ClaimedJob(1, KIND, "background", KIND, {}, 1, None, app.clock.now()))
    told = await app.condition()
    assert (told["ready"], told["database"]) == (False, "damaged")
    assert HINT in told["advice"]
    assert HINT in caplog.text


async def test_not_ready_before_it_is_there(house: House) -> None:
    late = LateCondition()
    assert await late() == {"ready": False, "database": "starting"}
    app = build_app(house.settings)
    late.behind = app.condition
    assert await late() == {"ready": False, "database": "error"}
    await app.open()
    assert (await late())["ready"]
    await app.close(0.0)
