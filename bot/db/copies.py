"""What stands in an SQLite file, without changing it: damage, schema, and how much of everything."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.db.backup import MARK

COUNTED = ("users", "conversations", "messages", "memories")
"""Tables without which a file is no memory of the bot."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """A file as it was found. `fault` says why it cannot be used, None if it can.

    `taken_at` and `running` are what a backup says of itself, None in other files. `orphans` are rows that
    refer to rows which are not there.
    """

    fault: str | None = None
    revision: str | None = None
    taken_at: datetime | None = None
    running: bool | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    orphans: int = 0


def broken(path: Path, *, thorough: bool = False) -> str | None:
    """What is damaged in a file, None if nothing; `thorough` compares every index with its table too.

    Blocks. Raises sqlite3.Error where the file cannot be read at all, which says nothing of its state.
    """
    try:
        with closing(_opened(path)) as found:
            check = "integrity_check" if thorough else "quick_check"
            (said,) = found.execute(f"PRAGMA {check}(1)").fetchone()
            return None if said == "ok" else " ".join(str(said).split())
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return str(error)


def look_into(path: Path, *, thorough: bool = False, checked: bool = False) -> CopyFacts:
    """Check a file and read what it says of itself; see `broken`. One that was `checked` is only read."""
    if not path.is_file():
        return CopyFacts("there is no such file")
    if path.stat().st_size == 0:
        return CopyFacts("the file is empty")
    if not checked and (fault := broken(path, thorough=thorough)) is not None:
        return CopyFacts(fault)
    with closing(_opened(path)) as found:
        return _read(found)


def _opened(path: Path) -> sqlite3.Connection:
    # Whoever may write would bring the log of a killed process into the file when it closes.
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error tells of a broken file, not of one that is locked, out of reach or short of room."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED


def _read(found: sqlite3.Connection) -> CopyFacts:
    tables = {name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in tables or not tables.issuperset(COUNTED):
        return CopyFacts("it is no database of Mnema")
    row = found.execute("SELECT version_num FROM alembic_version").fetchone()
    counts = {table: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}
    orphans = sum(1 for _ in found.execute("PRAGMA foreign_key_check"))
    taken_at, running = _mark(found)
    return CopyFacts(None, row and row[0], taken_at, running, counts, orphans)


def _mark(found: sqlite3.Connection) -> tuple[datetime | None, bool | None]:
    row = found.execute("SELECT value FROM meta WHERE key = ?", (MARK,)).fetchone()
    try:
        said = json.loads(row[0]) if row else {}
        return datetime.fromisoformat(said["taken_at"]), bool(said["running"])
    except (ValueError, KeyError, TypeError):
        return None, None
