"""Where a backup is put: an SQLite file, or a PostgreSQL database. What was there before is set aside."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.app.backups import ASIDE, Backups
from bot.app.schema import prepare_database, sqlite_path
from bot.db.backup import Progress, beside, flush, named
from bot.db.copies import is_damage
from bot.db.engine import make_database
from bot.db.moving import InUse, counts, load
from bot.services.erasure import noted
from bot.services.tombstones import Tombstone

_REPLACED, _DAMAGED = (ending.removesuffix(".db") for ending in ASIDE)


class Place(Protocol):
    """A database that a backup replaces. `fault` is what is wrong with it, None if nothing is."""

    async def ready(self, now: datetime, fault: str | None) -> Path | None:
        """Make it ready; returns where its content will lie afterwards, None if there is none."""
        ...

    async def stones(self) -> Sequence[Tombstone]:
        """The tombstones that the database keeps itself."""
        ...

    async def put(self, staged: Path, aside: Path | None, progress: Progress | None) -> None:
        """Set aside what is there, and put a prepared SQLite file's content in its place.

        Raises InUse, OSError, sqlite3.Error and DBAPIError; nothing has changed then.
        """
        ...


class FilePlace:
    """An SQLite file; whoever uses this holds the lock of the instance."""

    def __init__(self, url: str, backups: Backups) -> None:
        self._url = url
        self._path = sqlite_path(url)
        self._folder = backups.folder
        self._sound = True

    async def ready(self, now: datetime, fault: str | None) -> Path | None:
        """See `Place`."""
        self._sound = fault is None
        if not self._path.exists():
            return None
        return self._folder / named(now, _REPLACED if fault is None else _DAMAGED)

    async def stones(self) -> Sequence[Tombstone]:
        """See `Place`."""
        return await asyncio.to_thread(_stones_of, self._url) if self._path.exists() else []

    async def put(self, staged: Path, aside: Path | None, progress: Progress | None) -> None:
        """See `Place`."""
        await asyncio.to_thread(self._put, staged, aside)

    def _put(self, staged: Path, aside: Path | None) -> None:
        _close(staged)
        if aside is not None:
            aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._sound:
                _close(self._path)
            # Its log leaves first: the file that comes must never meet it.
            for left in beside(self._path):
                if left.exists():
                    shutil.move(left, aside.with_name(aside.name + left.name.removeprefix(self._path.name)))
            _keep(self._path, aside)
        flush(staged)
        staged.replace(self._path)
        flush(self._path.absolute().parent)


class ServerPlace:
    """A PostgreSQL database."""

    def __init__(self, url: str, backups: Backups, data_dir: Path) -> None:
        self._url = url
        self._backups = backups
        self._data_dir = data_dir

    async def ready(self, now: datetime, fault: str | None) -> Path | None:
        """See `Place`."""
        await prepare_database(self._url, self._data_dir)
        there = await asyncio.to_thread(counts, self._url, ("users", "meta"))
        if not any(there.values()):
            return None
        return self._backups.folder / named(now, _REPLACED)

    async def stones(self) -> Sequence[Tombstone]:
        """See `Place`."""
        database = make_database(self._url)
        await database.open()
        try:
            return await database.read(noted)
        finally:
            await database.close()

    async def put(self, staged: Path, aside: Path | None, progress: Progress | None) -> None:
        """See `Place`."""
        if aside is not None:
            await asyncio.to_thread(self._backups.make, aside, progress=progress)
        await asyncio.to_thread(load, staged, self._url, progress)


def _stones_of(url: str) -> list[Tombstone]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with Session(engine) as session:
            return noted(session)
    except DBAPIError:  # damaged, or of another version: what lies beside the backups has to do
        return []
    finally:
        engine.dispose()


def _close(path: Path) -> None:
    """Bring the log into the file, which needs that nobody else has it open. Raises InUse."""
    try:
        with closing(sqlite3.connect(path, timeout=2.0, isolation_level=None)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE").close()
            connection.execute("ROLLBACK").close()
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return
        if "locked" in str(error):
            raise InUse from error
        raise
    if mode != "delete":
        raise InUse


def _keep(path: Path, aside: Path) -> None:
    """A second name for a file where the file system has such, so that it is never missing; else a copy."""
    try:
        os.link(path, aside)
    except OSError:
        shutil.copy2(path, aside)
        flush(aside)
    aside.chmod(0o600)
    flush(aside.parent)
