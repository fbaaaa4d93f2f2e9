"""Copies of an SQLite file, taken while it may be in use, verified before anybody relies on them."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__

KEPT = 5
"""Copies from before migrations that are kept; older ones are removed."""

MARK = "backup"
"""The row of `meta` in which a backup says when it was taken, and whether the bot was running."""

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much; what it raises ends the work."""

_PAGES = 1024


class BackupFailed(Exception):
    """No copy could be made, or the copy is not sound; the text says why."""


def backup_before(source: Path, folder: Path, revision: str, now: datetime, kept: int = KEPT) -> Path:
    """Copy the file to `<folder>/mnema-<utc time>-before-<revision>.db` and forget all but the newest `kept`.

    Blocks. Raises BackupFailed.
    """
    target = folder / named(now, f"-before-{revision}")
    copy_database(source, target)
    for old in sorted(folder.glob("mnema-*-before-*.db"), reverse=True)[kept:]:
        old.unlink(missing_ok=True)
    return target


def named(now: datetime, what: str = "") -> str:
    """The name of a copy that was taken at a time; `what` tells it from an ordinary backup."""
    return f"mnema-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{what}.db"


def copy_database(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Make `target` a sound copy of an SQLite file, whole or not at all, readable by its owner alone.

    Blocks. Raises BackupFailed.
    """
    make_whole(target, lambda draft: copy_into(source, draft, progress))


def make_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write an SQLite file, and put it at `target` once it is found sound and on the disk.

    Blocks. Raises BackupFailed, and what `fill` raises.
    """
    draft: Path | None = None
    try:
        if not target.parent.exists():
            target.parent.mkdir(parents=True, mode=0o700)
            give_to_owner(target.parent)
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
        draft = Path(name)
        fill(draft)
        if (fault := damage(draft)) is not None:
            raise BackupFailed(f"the copy is damaged: {fault}")
        give_to_owner(draft)
        flush(draft)
        draft.replace(target)
        flush(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(error)) from error
    finally:
        if draft is not None:
            for left in (draft, *beside(draft), Path(f"{draft}-journal")):
                left.unlink(missing_ok=True)


def copy_into(source: Path, draft: Path, progress: Progress | None = None) -> None:
    """Copy an SQLite file as it stands at this moment, into an empty file. Blocks. Raises sqlite3.Error."""

    def told(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as old,
        closing(sqlite3.connect(draft)) as new,
    ):
        old.isolation_level = None
        old.execute("PRAGMA busy_timeout=30000").close()
        # One snapshot for all steps: without it every commit of the bot makes the copy begin anew.
        old.execute("BEGIN").close()
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=_PAGES, progress=told)
        old.execute("ROLLBACK").close()
        # One file, not three: the copy is carried around by people.
        new.execute("PRAGMA journal_mode=DELETE").close()


def write_mark(draft: Path, taken_at: datetime, *, running: bool) -> None:
    """Write into a backup when it was taken, and whether the bot was at work. Blocks."""
    said = {"taken_at": taken_at.astimezone(UTC).isoformat(), "running": running, "version": __version__}
    moment = f"{taken_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    with closing(sqlite3.connect(draft)) as connection, connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value, updated_at) VALUES (?, ?, ?)",
                (MARK, json.dumps(said), moment),
            )


def damage(path: Path) -> str | None:
    """What SQLite's quick check finds wrong with a file, None if nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found)


def beside(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database in use."""
    return [Path(f"{path}-wal"), Path(f"{path}-shm")]


def give_to_owner(path: Path) -> None:
    """What an administrator makes belongs to whom the folder around it belongs: the bot has to open it."""
    if os.geteuid() == 0:
        around = path.absolute().parent.stat()
        with suppress(OSError):  # some file systems know no owners
            os.chown(path, around.st_uid, around.st_gid)


def flush(path: Path) -> None:
    """Let a file, or a folder's entries, be on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
