"""Erasure in the product: its coordinator, the jobs behind it, and the end of copies that hold the erased."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.app.beside import database_beside
from bot.app.schema import BACKUPS
from bot.core.clock import SystemClock
from bot.core.jobs import NewJob
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.services import tombstones
from bot.services.erasure import JOB, Erasure
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.wiring import App

log = logging.getLogger(__name__)

RETRIES = RetryPolicy(attempts=20, patience=86_400.0, first_pause=5.0, longest_pause=3600.0)


def make_erasure(settings: Settings, database: Database, clock: Clock) -> Erasure:
    """The coordinator."""
    return Erasure(database, clock, settings.data_dir / BACKUPS, settings.backup_retention_days)


def attach_erasure(app: App) -> list[Tick]:
    """Register the scrubbing of files; look daily for copies whose time is over."""
    folder, days = app.settings.data_dir / BACKUPS, app.settings.backup_retention_days

    def end_copies(_session: Session, now: datetime) -> list[NewJob]:
        for path in tombstones.end_copies(folder, days, now):
            log.info("%s held erased people and has ended", path.name)
        return []

    app.jobs.register(JOB, make_erasure(app.settings, app.database, app.clock).scrub_job, RETRIES)
    return [Tick("erased copies", 86_400.0, end_copies)]


@asynccontextmanager
async def open_erasure(settings: Settings) -> AsyncIterator[Erasure]:
    """The coordinator on the configured database, also beside a running bot. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield make_erasure(settings, database, SystemClock())
