"""The ticker: APScheduler finds out what is due and only enqueues it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import jobs

log = logging.getLogger(__name__)

DueFinder = Callable[[Session, datetime], Sequence[NewJob]]
"""Looks into our own tables for what is due now; its jobs' dedup keys make a second look harmless."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A finder and the seconds between its looks."""

    name: str
    seconds: float
    find: DueFinder


class Ticker:
    """Runs the finders while the process lives. Due times stay in our tables, so downtime loses nothing."""

    def __init__(self, database: Database, clock: Clock, ticks: Sequence[Tick]) -> None:
        self._db = database
        self._clock = clock
        self._ticks = tuple(ticks)
        self._scheduler: AsyncIOScheduler | None = None

    async def start(self) -> None:
        """Look once for everything (what fell due while down), then at intervals."""
        for tick in self._ticks:
            await self._look(tick)
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for tick in self._ticks:
            self._scheduler.add_job(
                self._look, "interval", args=[tick], seconds=tick.seconds, id=tick.name, coalesce=True,
                max_instances=1, misfire_grace_time=None,
            )  # fmt: skip
        self._scheduler.start()

    async def _look(self, tick: Tick) -> None:
        try:
            await self.look(tick)
        except Exception:
            log.exception("the look for %s failed; the next one finds what it missed", tick.name)

    async def look(self, tick: Tick) -> int:
        """One look of one finder; returns how many jobs it enqueued."""
        now = self._clock.now()
        return await self._db.write(lambda s: jobs.enqueue(s, tick.find(s, now), now))

    def close(self) -> None:
        """Stop ticking."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
