"""Copies of an SQLite file, taken while it may be in use, verified before anybody relies on them."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

KEPT = 5
"""Copies from before migrations that are kept; older ones are removed."""

_PAGES = 4096


class BackupFailed(Exception):
    """No copy could be made, or the copy is not sound; the text says why."""


def backup_before(source: Path, folder: Path, revision: str, now: datetime, kept: int = KEPT) -> Path:
    """Copy the file to `<folder>/mnema-<utc time>-before-<revision>.db` and forget all but the newest `kept`.

    Blocks. Raises BackupFailed.
    """
    name = f"mnema-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-before-{revision}.db"
    target = folder / name
    copy_database(source, target)
    for old in sorted(folder.glob("mnema-*-before-*.db"), reverse=True)[kept:]:
        old.unlink(missing_ok=True)
    return target


def copy_database(source: Path, target: Path) -> None:
    """Make `target` a sound copy of an SQLite file, whole or not at all, readable by its owner alone.

    Blocks. Raises BackupFailed.
    """
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
        draft = Path(name)
        _copy(source, draft)
        if (fault := damage(draft)) is not None:
            raise BackupFailed(f"the copy is damaged: {fault}")
        _flush(draft)
        draft.replace(target)
        _flush(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(error)) from error
    finally:
        if draft is not None:
            for left in (draft, Path(f"{draft}-journal"), Path(f"{draft}-wal"), Path(f"{draft}-shm")):
                left.unlink(missing_ok=True)


def damage(path: Path) -> str | None:
    """What SQLite's quick check finds wrong with a file, None if nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found)


def _copy(source: Path, draft: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as old,
        closing(sqlite3.connect(draft)) as new,
    ):
        old.execute("PRAGMA busy_timeout=30000").close()
        old.backup(new, pages=_PAGES)
        # One file, not three: the copy is carried around by people.
        new.execute("PRAGMA journal_mode=DELETE").close()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
