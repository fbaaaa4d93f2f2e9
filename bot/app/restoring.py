"""Putting a backup in the place of the database, checked, upgraded and cleaned of the erased before."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.app.backups import Backup, Backups
from bot.app.erasure import make_erasure
from bot.app.places import FilePlace, Place, ServerPlace
from bot.app.schema import place_of, sqlite_path
from bot.core.errors import ConfigError, MnemaError
from bot.core.ports import Clock
from bot.db.backup import BackupFailed, Progress, beside, copy_database
from bot.db.engine import make_database
from bot.db.migrate import newest_revision, upgrade
from bot.db.moving import InUse, file_url
from bot.db.repositories import people, restored
from bot.services import tombstones
from bot.settings import Settings

RECOVERY = "recovery"
"""The row of `meta` that tells of the last restore.

{from, until, backup, aside, fault}: from when to when nothing is known, the names of the backup and of what
was set aside (None: nothing was), and what was wrong with that (None: nothing, somebody wished the restore).
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. Of what happened between `since` and `until` nothing is known.

    `aside` is where the database lies that was there before, `erased` how many persons were forgotten again,
    `unanswered` how many jobs were not done a second time.
    """

    backup: Backup
    since: datetime
    until: datetime
    aside: Path | None
    erased: int
    unanswered: int


class Restoring:
    """Restores a backup over the configured database, which nobody else may use meanwhile."""

    def __init__(self, settings: Settings, clock: Clock, backups: Backups) -> None:
        self._settings = settings
        self._clock = clock
        self._backups = backups
        self._url = settings.database_url
        self._is_file = self._url.startswith("sqlite")

    async def restore(
        self, backup: Backup, fault: str | None = None, progress: Progress | None = None
    ) -> Restored:
        """Put it in place. `fault` is what is wrong with the database that is there, None if nothing is.

        Until the last step the present database is as it was. Raises MnemaError, and ConfigError where the
        database cannot be used.
        """
        if backup.fault is not None:
            raise MnemaError(f"{backup.path} cannot be restored: {backup.fault}.")
        try:
            async with self._staged(backup, progress) as staged:
                return await self._restore(backup, staged, fault, progress)
        except InUse as error:
            raise ConfigError(
                f"Somebody is using the database at {place_of(self._url)}: stop every Mnema and every script "
                "that has it open, and try again. Nothing was changed."
            ) from error
        except (BackupFailed, OSError, DBAPIError, sqlite3.Error) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise MnemaError(
                f"{backup.path} could not be put at {place_of(self._url)}: {reason}. Nothing was changed."
            ) from error

    @asynccontextmanager
    async def _staged(self, backup: Backup, progress: Progress | None) -> AsyncIterator[Path]:
        """A copy of the backup to work on; gone in the end, unless it was put in place."""
        folder = sqlite_path(self._url).absolute().parent if self._is_file else self._settings.data_dir
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="mnema-restoring-", suffix=".part", dir=folder)
        os.close(handle)
        staged = Path(name)
        try:
            await asyncio.to_thread(copy_database, backup.path, staged, progress)
            yield staged
        finally:
            for left in (staged, *beside(staged)):
                left.unlink(missing_ok=True)

    async def _restore(
        self, backup: Backup, staged: Path, fault: str | None, progress: Progress | None
    ) -> Restored:
        now, place = self._clock.now(), self._place()
        aside = await place.ready(now, fault)
        await self._gather_stones(backup, None if fault else place)
        url = file_url(staged)
        if backup.facts.revision != newest_revision():
            await asyncio.to_thread(upgrade, url)
        told: dict[str, str | None] = {
            "from": backup.taken_at.isoformat(),
            "until": now.isoformat(),
            "backup": backup.path.name,
            "aside": None if aside is None else aside.name,
            "fault": fault,
        }
        erased, unanswered = await self._begin_anew(backup, url, told, now)
        await place.put(staged, aside, progress)
        return Restored(backup, backup.taken_at, now, aside, erased, unanswered)

    def _place(self) -> Place:
        if self._is_file:
            return FilePlace(self._url, self._backups)
        return ServerPlace(self._url, self._backups, self._settings.data_dir)

    async def _gather_stones(self, backup: Backup, place: Place | None) -> None:
        """Those that lie beside the backup, and those that the present database knows of."""
        stones = await asyncio.to_thread(tombstones.found, backup.path.absolute().parent)
        if place is not None:
            stones += await place.stones()
        await asyncio.to_thread(tombstones.take_over, self._backups.folder, stones)

    async def _begin_anew(
        self, backup: Backup, url: str, told: dict[str, str | None], now: datetime
    ) -> tuple[int, int]:
        database = make_database(url)
        await database.open()
        try:
            erased = await make_erasure(self._settings, database, self._clock).replay()

            def unit(session: Session) -> int:
                people.set_meta(session, RECOVERY, told, now)
                return restored.begin_anew(session, backup.taken_at, now, running=backup.running)

            return erased, await database.write(unit)
        finally:
            await database.close()
