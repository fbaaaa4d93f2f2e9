"""The backups of an instance: making one, listing them, finding the newest sound one, ending old ones."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.app.schema import (
    BACKUPS,
    knows_revision,
    newer_database,
    place_of,
    server_revision,
    sqlite_path,
    unopenable,
)
from bot.core.errors import ConfigError, MnemaError
from bot.core.lock import InstanceLock
from bot.core.ports import Clock
from bot.db.backup import BackupFailed, Progress, copy_into, make_whole, named, write_mark
from bot.db.copies import CopyFacts, look_into
from bot.db.migrate import newest_revision
from bot.db.moving import dump
from bot.services import tombstones
from bot.settings import Settings

log = logging.getLogger(__name__)

_LEFT = timedelta(hours=1)
"""A draft that nothing was written to for so long is nobody's any more."""

ASIDE = ("-replaced.db", "-damaged.db")
"""How the names of databases end that were set aside: they are no backups."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was looked into; `fault` says why it cannot be restored, None if it can."""

    path: Path
    taken_at: datetime
    size: int
    facts: CopyFacts
    fault: str | None

    @property
    def running(self) -> bool:
        """Whether the bot was at work when it was taken; where nobody wrote it down, it may have been."""
        return self.facts.running is not False


class Backups:
    """The folder of backups of an instance. Its methods block."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.folder = settings.data_dir / BACKUPS

    def make(
        self, target: Path | None = None, *, running: bool | None = None, progress: Progress | None = None
    ) -> Backup:
        """Take a backup, into the folder or at `target`, while the bot may be at work.

        `running` says whether it is; None finds it out. Raises ConfigError without a usable database, and
        MnemaError when there is no sound copy in the end.
        """
        now = self._clock.now()
        target = self._target(target, now)
        self._sweep()
        try:
            make_whole(target, lambda draft: self._fill(draft, now, running, progress))
        except BackupFailed as error:
            raise MnemaError(f"No backup was made: {error}.") from error
        except (OSError, DBAPIError) as error:
            raise ConfigError(unopenable(self._settings.database_url, error)) from error
        made = self.look(target, checked=True)
        if made.fault is not None:
            target.unlink()
            raise MnemaError(f"No backup was made: the copy cannot be used ({made.fault}).")
        return made

    def paths(self) -> list[Path]:
        """All backups of the folder, the newest first; copies from before upgrades are among them."""
        found = (path for path in self.folder.glob("mnema-*.db") if not path.name.endswith(ASIDE))
        return sorted(found, key=lambda path: (tombstones.taken_at(path), path.name), reverse=True)

    def look(self, path: Path, *, checked: bool = False) -> Backup:
        """Check one file, or only read one that was `checked`."""
        url = self._settings.database_url
        try:
            facts = look_into(path, checked=checked)
        except sqlite3.Error as error:
            facts = CopyFacts(f"it cannot be read: {error}")
        fault = facts.fault
        if fault is None and not (facts.revision and knows_revision(url, facts.revision)):
            fault = "it was made by a newer Mnema"
        there = path.is_file()
        taken = facts.taken_at or (tombstones.taken_at(path) if there else self._clock.now())
        return Backup(path, taken, path.stat().st_size if there else 0, facts, fault)

    def newest_sound(self) -> Backup | None:
        """The newest backup that can be restored."""
        return next((found for path in self.paths() if (found := self.look(path)).fault is None), None)

    def end_old(self, sound: Path | None = None) -> Sequence[Path]:
        """Remove backups whose days are over, never the newest sound one (`sound`, where that is known).

        Copies from before upgrades have a rule of their own.
        """
        now, days = self._clock.now(), timedelta(days=self._settings.backup_retention_days)
        old = [
            path
            for path in self.paths()
            if "-before-" not in path.name and tombstones.taken_at(path) + days <= now
        ]
        if old and sound is None:
            newest = self.newest_sound()
            sound = None if newest is None else newest.path
        ended = [path for path in old if path != sound]
        for path in ended:
            path.unlink(missing_ok=True)
            log.info("the days of the backup %s are over", path.name)
        return ended

    def _sweep(self) -> None:
        """Remove what a killed backup or restore left behind: nobody would ever look for people in there."""
        url, before = self._settings.database_url, (self._clock.now() - _LEFT).timestamp()
        beside = sqlite_path(url).absolute().parent if url.startswith("sqlite") else self._settings.data_dir
        for left in (*self.folder.glob("mnema-*.part*"), *beside.glob("mnema-restoring-*.part*")):
            if left.stat().st_mtime < before:
                left.unlink(missing_ok=True)

    def _target(self, target: Path | None, now: datetime) -> Path:
        if target is None:
            return self.folder / named(now)
        if target.is_dir():
            return target / named(now)
        url = self._settings.database_url
        if url.startswith("sqlite") and target.resolve() == sqlite_path(url).resolve():
            raise ConfigError(f"{target} is the database itself: name another file for the backup.")
        return target

    def _fill(self, draft: Path, now: datetime, running: bool | None, progress: Progress | None) -> None:
        url = self._settings.database_url
        if url.startswith("sqlite"):
            if not sqlite_path(url).exists():
                raise ConfigError(f"There is no database at {place_of(url)} yet: `mnema run` makes it.")
            copy_into(sqlite_path(url), draft, progress)
            at_work = InstanceLock(self._settings.data_dir / "mnema.lock").held()
        else:
            require_present_schema(url)
            at_work = dump(url, draft, progress)
        write_mark(draft, now, running=at_work if running is None else running)


def require_present_schema(url: str) -> None:
    """Raises ConfigError for a PostgreSQL database of another version's schema."""
    found = asyncio.run(server_revision(url))
    if found is None:
        raise ConfigError(f"There is no database at {place_of(url)} yet: `mnema run` makes it.")
    if not knows_revision(url, found):
        raise ConfigError(newer_database(url))
    if found != newest_revision():
        raise ConfigError(f"The database at {place_of(url)} has another schema: run `mnema db upgrade`.")
