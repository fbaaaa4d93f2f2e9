"""A copy before each migration of an existing file; a clear word when there can be none."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.app.schema import prepare_database
from bot.core.errors import ConfigError
from bot.core.resources import migrations_dir
from bot.db.backup import BackupFailed, backup_before, copy_database, damage
from bot.db.migrate import newest_revision
from bot.db.sqlite import sqlite_engine
from tests.support.clock import START, ManualClock
from tests.support.databases import sqlite_url

LATER = '''"""A later version's migration."""

from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE from_the_future (x INTEGER)")
'''


@pytest.fixture
def later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on the program is a later version with one more migration; gives its migrations."""
    folder = tmp_path / "later"
    head = newest_revision()
    shutil.copytree(migrations_dir(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_later.py").write_text(LATER.format(head=head))
    monkeypatch.setattr("bot.db.migrate.migrations_dir", lambda: folder)
    return folder


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}


async def test_a_new_file_and_an_up_to_date_one_need_no_copy(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new" / "mnema.db")
    await prepare_database(url, tmp_path)
    await prepare_database(url, tmp_path)
    assert not (tmp_path / "backups").exists()


async def test_an_older_file_is_copied_with_what_is_not_checkpointed_yet(
    sqlite_database_url: str, tmp_path: Path, later_version: Path, clock: ManualClock
) -> None:
    # A connection that stays open keeps the row in the write-ahead log.
    engine = sqlite_engine(sqlite_database_url, writer=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (platform, external_id, first_name, last_name, created_at, last_seen_at)"
            " VALUES ('tg', '7', 'Ann', '', '2026-01-01', '2026-01-01')"
        )
    try:
        await prepare_database(sqlite_database_url, tmp_path, clock)
    finally:
        engine.dispose()
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name == "mnema-20260314T092653Z-before-9999.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "from_the_future" in tables(tmp_path / "mnema.db")
    assert "from_the_future" not in tables(copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT first_name FROM users").fetchall() == [("Ann",)]


async def test_without_room_for_the_copy_nothing_is_changed(
    sqlite_database_url: str, tmp_path: Path, later_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def cramped(path: str | Path, *, uri: bool = False) -> sqlite3.Connection:
        connection = real(path, uri=uri)
        if str(path).endswith(".part"):
            connection.execute("PRAGMA max_page_count=3")
        return connection

    monkeypatch.setattr("bot.db.backup.sqlite3.connect", cramped)
    with pytest.raises(ConfigError, match="no copy of it could be made") as caught:
        await prepare_database(sqlite_database_url, tmp_path)
    assert "Nothing was changed" in str(caught.value)
    assert "from_the_future" not in tables(tmp_path / "mnema.db")
    assert list((tmp_path / "backups").iterdir()) == []


async def test_a_damaged_file_is_not_migrated(
    sqlite_database_url: str, tmp_path: Path, later_version: Path
) -> None:
    path = tmp_path / "mnema.db"
    data = bytearray(path.read_bytes())
    for page in range(8, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xaa" * 64
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        await prepare_database(sqlite_database_url, tmp_path)
    assert path.read_bytes() == bytes(data)
    assert not list((tmp_path / "backups").glob("*.db"))


async def test_a_database_of_a_newer_version_is_refused(
    changing_database_url: str, tmp_path: Path, later_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare_database(changing_database_url, tmp_path)
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="made by a newer Mnema"):
        await prepare_database(changing_database_url, tmp_path)


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnema.db"
    path.write_text("a diary " * 1000)
    with pytest.raises(ConfigError, match="is damaged: `mnema db restore`"):
        await prepare_database(sqlite_url(path), tmp_path)


def test_the_newest_five_copies_are_kept(sqlite_database_url: str, tmp_path: Path) -> None:
    clock = ManualClock()
    for _ in range(7):
        backup_before(tmp_path / "mnema.db", tmp_path / "backups", "0002", clock.advance(60))
    left = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert len(left) == 5
    assert left[-1] == f"mnema-{clock.now():%Y%m%dT%H%M%SZ}-before-0002.db"
    assert left[0] > f"mnema-{START:%Y%m%dT%H%M%SZ}"


def test_a_copy_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed):
        copy_database(tmp_path / "missing.db", tmp_path / "copies" / "copy.db")
    assert list((tmp_path / "copies").iterdir()) == []
    assert damage(tmp_path) is not None
