"""A damaged file at the start is set aside, the newest sound backup takes its place, and the gap is told."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

from bot.app.backups import Backups
from bot.app.restoring import Restored, Restoring
from bot.app.schema import sqlite_path, unopenable
from bot.core.errors import ConfigError
from bot.core.ports import Clock
from bot.db.copies import broken
from bot.settings import Settings

log = logging.getLogger(__name__)


async def recover(settings: Settings, clock: Clock) -> Restored | None:
    """Look at the SQLite file before it is opened, and restore it if it is damaged; None if it is not.

    Whoever calls this holds the lock of the instance. Raises ConfigError when there is nothing to restore.
    """
    url = settings.database_url
    if not url.startswith("sqlite"):
        return None
    path, backups = sqlite_path(url), Backups(settings, clock)
    if not path.exists():
        await asyncio.to_thread(_wonder, path, backups)
        return None
    try:
        fault = await asyncio.to_thread(_fault, path, backups)
    except sqlite3.Error as error:
        raise ConfigError(unopenable(url, error)) from error
    if fault is None:
        return None
    log.error("the database at %s is damaged (%s); looking for the newest sound backup", path, fault)
    backup = await asyncio.to_thread(backups.newest_sound)
    if backup is None:
        raise ConfigError(
            f"The database at {path} is damaged ({fault}) and there is no sound backup in {backups.folder}: "
            f"run `mnema db restore FILE` with a backup from elsewhere, or move {path} away to begin with an "
            "empty memory. Nothing was changed."
        )
    done = await Restoring(settings, clock, backups).restore(backup, fault)
    log.error(
        "the backup %s was restored; nothing is known of what happened between %s and %s; the damaged "
        "database lies at %s",
        done.backup.path.name,
        f"{done.since:%Y-%m-%d %H:%M} UTC",
        f"{done.until:%Y-%m-%d %H:%M} UTC",
        done.aside,
    )
    return done


def _fault(path: Path, backups: Backups) -> str | None:
    if path.stat().st_size == 0:
        # An empty file is what a start makes first; beside backups it is what a broken disk left.
        return "the file is empty" if backups.paths() else None
    return broken(path)


def _wonder(path: Path, backups: Backups) -> None:
    found = backups.paths()
    if found:
        log.warning(
            "there is no database at %s, so the bot begins with an empty memory; backups lie in %s: to go on "
            "with the newest, stop the bot and run `mnema db restore`",
            path,
            backups.folder,
        )
