"""An instance with its folder, for tests of backups: rows in, rows out, and what is done to the files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app.backups import Backup, Backups
from bot.app.restoring import Restored, Restoring
from bot.app.verifying import look_at_live
from bot.db.models import Base
from bot.settings import Settings
from tests.support.clock import ManualClock
from tests.support.opened import opened

T = TypeVar("T")

PAGE = 4096


class House:
    """The instance of a database and a data folder."""

    def __init__(self, url: str, folder: Path, clock: ManualClock) -> None:
        self.url = url
        self.clock = clock
        self.settings = Settings(database_url=url, data_dir=folder)
        self.backups = Backups(self.settings, clock)

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Run a unit, with nobody connected before and afterwards."""
        async with opened(self.url) as database:
            return await database.write(unit)

    async def read(self, unit: Callable[[Session], T]) -> T:
        """The same for reading."""
        async with opened(self.url) as database:
            return await database.read(unit)

    async def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but single values of the instance."""
        return await self.read(rows)

    async def restore(self, backup: Backup | Path) -> Restored:
        """Restore over whatever is there."""
        found = self.backups.look(backup) if isinstance(backup, Path) else backup
        fault = (await threaded(lambda: look_at_live(self.settings))).facts.fault
        return await Restoring(self.settings, self.clock, self.backups).restore(found, fault)


async def threaded(work: Callable[[], T]) -> T:
    """Run what blocks, perhaps with a loop of its own."""
    import asyncio

    return await asyncio.to_thread(work)


def rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but `meta`."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "meta"]
    return {table.name: sorted(map(tuple, session.execute(select(table))), key=repr) for table in tables}


def overwrite(path: Path, first: int = 2) -> None:
    """Damage a file: its pages from the `first` on begin with rubbish."""
    data = bytearray(path.read_bytes())
    for page in range(first, len(data) // PAGE):
        data[page * PAGE : page * PAGE + 64] = b"\xaa" * 64
    path.write_bytes(data)


def holds(folder: Path, pattern: str, word: str) -> bool:
    """Whether a word stands in the bytes of any such file."""
    return any(word.encode() in file.read_bytes() for file in folder.glob(pattern))


def ask(path: Path, question: str) -> Any:
    """One value out of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchone()[0]
