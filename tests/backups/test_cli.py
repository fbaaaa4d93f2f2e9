"""mnema db backup, restore and verify as commands: what people and programs are told, and the exit codes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app.doctor.house import look_at_backups
from bot.cli.main import app
from bot.core.clock import SystemClock
from bot.core.errors import ConfigError, MnemaError
from bot.core.lock import InstanceLock
from bot.settings import Settings
from tests.backups.house import House, overwrite
from tests.erasure.town import settle_town
from tests.support.clock import ManualClock

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in a folder of its own; logging stays pytest's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    runner = CliRunner()

    def run(*arguments: str, answer: str | None = None, topic: str = "db") -> Result:
        return runner.invoke(app, [topic, *arguments], input=answer)

    return run


def furnish(url: str, folder: Path) -> None:
    """An instance with people."""
    house, now = House(url, folder, ManualClock()), SystemClock().now()
    asyncio.run(house.write(lambda s: settle_town(s, now)))


def test_moving_house(
    command: Command, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    furnish(database_url, tmp_path)
    made = command("backup", "--output", "moved.db")
    assert made.exit_code == 0
    assert "2 people, 2 conversations, 7 messages, 3 facts" in made.stdout
    assert ".env" in made.stdout
    row = json.loads(command("backup", "--json").stdout)
    assert (row["sound"], row["counts"]["messages"], row["running"]) == (True, 7, False)
    seen = command("verify")
    assert seen.exit_code == 0
    assert "up to date" in seen.stdout
    assert f"{Path(row['path']).name}   sound" in seen.stdout
    assert command("verify", "moved.db").exit_code == 0

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new/data/mnema.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new" / "data"))
    none = command("restore")
    assert isinstance(none.exception, MnemaError)
    assert "There is no sound backup in" in str(none.exception)
    done = command("restore", "moved.db")
    assert done.exit_code == 0
    assert "7 messages" in done.stdout
    assert "Nothing is known of what happened between" in done.stdout
    assert "was there before" not in done.stdout
    told = json.loads(command("verify", "--json").stdout)
    assert (told["ok"], told["database"]["counts"]["users"], told["backups"]) == (True, 2, [])


def test_it_asks_first_and_never_beside_a_running_bot(
    command: Command, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    furnish(sqlite_database_url, tmp_path)
    name = Path(json.loads(command("backup", "--json").stdout)["path"]).name
    before = (tmp_path / "mnema.db").read_bytes()
    refused = command("restore", answer="n\n")
    assert refused.exit_code == 1
    assert f"Replace the database at {tmp_path}/mnema.db (2 people" in refused.stderr
    lock = InstanceLock(tmp_path / "data" / "mnema.lock")
    lock.acquire()
    try:
        beside = command("restore", "--yes")
    finally:
        lock.release()
    assert isinstance(beside.exception, ConfigError)
    assert "Another Mnema is running" in str(beside.exception)
    assert (tmp_path / "mnema.db").read_bytes() == before
    row = json.loads(command("restore", name, "--yes", "--json").stdout)
    assert (row["erased"], row["unanswered"]) == (0, 0)
    assert Path(row["aside"]).exists()


def test_verify_finds_what_is_broken(
    command: Command, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    path = Path(json.loads(command("backup", "--json").stdout)["path"])
    overwrite(path)
    seen = command("verify")
    assert seen.exit_code == 1
    assert "BROKEN" in seen.stdout
    overwrite(tmp_path / "mnema.db")
    seen = command("verify")
    assert seen.exit_code == 1
    assert "DAMAGED" in seen.stdout
    assert "`mnema db restore`" in seen.stdout
    one = command("verify", str(path), "--json")
    assert one.exit_code == 1
    assert not json.loads(one.stdout)["ok"]
    missing = command("verify", "nowhere.db")
    assert missing.exit_code == 1
    assert "there is no such file" in missing.stdout


def test_other_commands_say_that_the_file_is_damaged(
    command: Command, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    furnish(sqlite_database_url, tmp_path)
    file = tmp_path / "mnema.db"
    with file.open("r+b") as pages:
        pages.seek(2 * 4096)  # behind what tells of the schema: it opens, and breaks when it is read
        pages.write(b"\xde\xad" * ((file.stat().st_size - 2 * 4096) // 2))
    told = command("list", topic="jobs")
    assert isinstance(told.exception, ConfigError)
    assert "is damaged: `mnema db restore`" in str(told.exception)


def test_the_doctor_tells_the_age_of_the_newest(tmp_path: Path, clock: ManualClock) -> None:
    settings = Settings(data_dir=tmp_path)
    none = look_at_backups(settings, clock)
    assert (none.state, "`mnema db backup`" in none.advice) == ("warning", True)
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / f"mnema-{clock.now():%Y%m%dT%H%M%SZ}.db").touch()
    clock.advance(5 * 3600)
    assert look_at_backups(settings, clock).found == "the newest is 5 h old"
    clock.advance(5 * 86_400)
    old = look_at_backups(settings, clock)
    assert (old.state, old.found) == ("warning", "the newest is 5 days old")
