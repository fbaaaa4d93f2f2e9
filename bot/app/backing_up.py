"""The daily backup in the product: the file is checked, copied, and old backups end."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.app.backups import Backups
from bot.app.condition import ADVICE
from bot.app.schema import sqlite_path
from bot.core.jobs import ClaimedJob, NewJob
from bot.db.copies import broken
from bot.db.repositories import people
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick

if TYPE_CHECKING:
    from bot.app.wiring import App

log = logging.getLogger(__name__)

KIND = "database.backup"
DUE = "backup_due"
"""The row of `meta` with the time of the next backup, {at}."""

EVERY = timedelta(days=1)
FIRST_AFTER = timedelta(hours=1)
"""A new instance has something to lose after its first hour."""

LOOK_EVERY = 600.0
RETRIES = RetryPolicy(attempts=12, patience=43_200.0, first_pause=60.0, longest_pause=3600.0)


class DailyBackup:
    """Does the jobs "database.backup"."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._backups = Backups(app.settings, app.clock)

    async def work(self, _job: ClaimedJob) -> None:
        """Check the file and take a backup. A damaged file is told of, and not copied over good backups."""
        url = self._app.settings.database_url
        if url.startswith("sqlite"):
            fault = await asyncio.to_thread(broken, sqlite_path(url))
            self._app.condition.fault = fault
            if fault is not None:
                log.error("%s (%s)", ADVICE, fault)
                return
        stopped = threading.Event()

        def go_on(_done: int, _total: int) -> None:
            if stopped.is_set():
                raise InterruptedError("the bot is stopping")

        try:
            made = await asyncio.to_thread(self._backups.make, running=True, progress=go_on)
        except asyncio.CancelledError:
            stopped.set()  # the thread ends with its next step, so that the process can
            raise
        await asyncio.to_thread(self._backups.end_old, made.path)
        log.info("a backup was made: %s, %.1f MB", made.path.name, made.size / 1e6)


def attach_backups(app: App) -> list[Tick]:
    """Register the daily backup. Its due time stands in the database, so downtime only puts it off."""
    app.jobs.register(KIND, DailyBackup(app).work, RETRIES)
    return [Tick("backup", LOOK_EVERY, due_backup)]


def due_backup(session: Session, now: datetime) -> list[NewJob]:
    """The backup that is due, at most one a day."""
    stored = people.get_meta(session, DUE)
    if stored is None:
        people.set_meta_once(session, DUE, {"at": (now + FIRST_AFTER).isoformat()}, now)
        return []
    at = datetime.fromisoformat(stored["at"])
    if at > now:
        return []
    people.set_meta(session, DUE, {"at": (now + EVERY).isoformat()}, now)
    return [NewJob(KIND, "background", KIND, {}, f"{KIND}:{at.isoformat()}")]
