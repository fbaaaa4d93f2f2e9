"""The worker: claims due jobs, runs them under a lease, retries, buries."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.errors import RetryLater
from bot.core.jobs import TERMINAL, ClaimedJob, Pool
from bot.core.nursery import Nursery
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import jobs
from bot.jobs.registry import Entry, JobRegistry

log = logging.getLogger(__name__)

LEASE = 30.0
"""Seconds after which a silent worker's jobs may be taken by another."""

TERMINAL_LEASE = 6.0
"""The same for a terminal, whose person is there and waits for the next one."""

POLL = 1.0
"""Seconds between looks at the queue when nothing woke the worker (another process may have enqueued)."""


class PermanentFailure(Exception):
    """Raised by a handler whose job can never succeed: it becomes a dead letter at once."""


class Abandoned(Exception):
    """The job did not come to its end: its worker died, or what it waited for was cancelled."""


class Worker:
    """Runs one pool of jobs, at most `slots` at a time; `lease` in seconds."""

    def __init__(
        self,
        pool: Pool,
        slots: int,
        database: Database,
        registry: JobRegistry,
        clock: Clock,
        lease: float | None = None,
    ) -> None:
        self.pool: Pool = pool
        self.owner = uuid.uuid4().hex
        self._slots = slots
        self._db = database
        self._registry = registry
        self._clock = clock
        self._lease = lease or (TERMINAL_LEASE if pool.startswith(TERMINAL) else LEASE)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._claiming = asyncio.Lock()
        self._nursery = Nursery()
        self._running: dict[int, ClaimedJob] = {}
        self._stopping = False
        database.listen(f"{jobs.TOPIC}:{pool}", self._wake.set)

    async def run(self) -> None:
        """Claim and start jobs until `stop`; survives database errors, which are logged and waited out."""
        heartbeat = self._nursery.start(self._heartbeat(), f"heartbeat-{self.pool}")
        try:
            while not self._stopping:
                self._wake.clear()
                wait = POLL
                try:
                    wait = await self._claim()
                except Exception:
                    log.exception("the %s worker cannot reach its queue", self.pool)
                await self._sleep(wait)
        finally:
            heartbeat.cancel()

    async def stop(self, grace: float) -> None:
        """Claim nothing more, let running jobs end within `grace` seconds, give back the others."""
        self._stopping = True
        self._wake.set()
        async with self._claiming:  # a claim under way still starts its jobs: they are ended below
            pass
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), grace)
        left = list(self._running)
        await self._nursery.close()
        if left:
            now = self._clock.now()
            try:
                await self._db.write(lambda s: jobs.release(s, left, self.owner, now))
            except Exception:
                log.exception("jobs %s were not given back; their leases run out", left)

    @property
    def busy(self) -> int:
        """Jobs running now."""
        return len(self._running)

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0 or self._stopping:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _claim(self) -> float:
        """Start what can start; returns the seconds until the next look makes sense."""
        async with self._claiming:
            free = self._slots - len(self._running)
            if free <= 0 or self._stopping:
                return POLL
            now = self._clock.now()
            until = now + timedelta(seconds=self._lease)
            taken, due = await self._db.write(
                lambda s: (
                    jobs.claim(s, self.pool, free, self.owner, now, until),
                    jobs.next_due(s, self.pool, now),
                )
            )
            for job in taken:
                self._running[job.id] = job
                self._idle.clear()
                self._nursery.start(self._work(job), f"{job.kind}-{job.id}")
        # Nothing else can be claimed before a job ends, falls due or is added; each of them wakes the worker.
        return POLL if due is None else min(POLL, max((due - self._clock.now()).total_seconds(), 0.005))

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            ids = list(self._running)
            if ids:
                until = self._clock.now() + timedelta(seconds=self._lease)
                try:
                    await self._db.write(
                        lambda s, ids=ids, until=until: jobs.extend_leases(s, ids, self.owner, until)  # type: ignore[misc]
                    )
                except Exception:
                    log.exception("the %s worker could not extend its leases", self.pool)

    async def _work(self, job: ClaimedJob) -> None:
        try:
            await self._attempt(job)
        finally:
            self._running.pop(job.id, None)
            if not self._running:
                self._idle.set()
            self._wake.set()

    async def _attempt(self, job: ClaimedJob) -> None:
        try:
            entry = self._registry.entry(job.kind)
        except KeyError:
            await self._bury(job, f"no handler for {job.kind}")
            return
        try:
            if job.attempts > entry.policy.attempts:
                raise Abandoned(f"its worker died {job.attempts - 1} times")
            await self._handle(entry, job)
        except Exception as error:  # noqa: BLE001 - the loop's edge: logged, retried or buried
            await self._failed(job, entry, error)
            return
        await self._record(job, lambda s, now: jobs.finish(s, job.id, now, self.owner))

    @staticmethod
    async def _handle(entry: Entry, job: ClaimedJob) -> None:
        try:
            await entry.handler(job)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the worker stops
            raise Abandoned("something that its handler waited for was cancelled") from error

    async def _failed(self, job: ClaimedJob, entry: Entry, error: Exception) -> None:
        now = self._clock.now()
        since = job.first_failed_at or now
        patience = entry.policy.patience - (now - since).total_seconds()
        asked = error.seconds if isinstance(error, RetryLater) else 0.0
        pause = max(asked, entry.policy.pause(job.attempts))
        hopeless = isinstance(error, PermanentFailure) or job.attempts >= entry.policy.attempts
        if not hopeless and pause <= patience:
            log.warning("job %s %s failed, again in %.1f s: %r", job.id, job.kind, pause, error)
            due, text = now + timedelta(seconds=pause), repr(error)
            await self._record(job, lambda s, at: jobs.postpone(s, job.id, due, text, at, self.owner))
            return
        log.error("job %s %s is a dead letter", job.id, job.kind, exc_info=error)
        if entry.give_up is not None:
            try:
                await entry.give_up(job, error)
            except Exception:
                log.exception("the last word on job %s failed", job.id)
        await self._bury(job, repr(error))

    async def _bury(self, job: ClaimedJob, error: str) -> None:
        await self._record(job, lambda s, now: jobs.bury(s, job.id, error, now, self.owner))

    async def _record(self, job: ClaimedJob, write: Callable[[Session, datetime], bool]) -> None:
        """Store how an attempt ended, however long the database is away: what is done is not done again."""
        while True:
            now = self._clock.now()
            try:
                held = await self._db.write(lambda s, now=now: write(s, now))  # type: ignore[misc]
            except Exception:
                log.exception("cannot store the end of job %s yet", job.id)
                await asyncio.sleep(POLL)
                continue
            if not held:
                log.warning("job %s was taken over by another worker meanwhile", job.id)
            return
