"""The queue as the operator sees it: what waits, what failed, and another try. Payloads are never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Job
from bot.db.repositories import jobs

_ERROR_LENGTH = 200


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job without its payload; `age` in seconds since it was enqueued."""

    id: int
    kind: str
    lane: str
    status: str
    attempts: int
    age: float
    due_at: datetime
    error: str | None


class JobsDesk:
    """Reads the queue and revives dead letters; works beside a running bot, which takes them up itself."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def list(self, *, dead: bool = False, limit: int = 100, after: int = 0) -> Sequence[JobLine]:
        """Unfinished jobs and dead letters, or only these, oldest first; up to `limit` behind an id."""
        now = self._clock.now()
        shown = ("dead",) if dead else ("queued", "running", "dead")
        query = select(Job).where(Job.status.in_(shown), Job.id > after).order_by(Job.id).limit(limit)
        return await self._db.read(lambda s: [_line(job, now) for job in s.scalars(query)])

    async def retry(self, job_id: int) -> None:
        """Queue a dead letter again. Raises NotFound when there is no dead letter of that id."""
        now = self._clock.now()
        if not await self._db.write(lambda s: jobs.replay(s, job_id, now)):
            raise NotFound(f"There is no dead letter {job_id}; `mnema jobs list --dead` shows them.")

    async def retry_dead(self) -> int:
        """Queue every dead letter again; returns how many."""
        now = self._clock.now()

        def unit(session: Session) -> int:
            ids = session.scalars(select(Job.id).where(Job.status == "dead").order_by(Job.id)).all()
            return sum(jobs.replay(session, job_id, now) for job_id in ids)

        return await self._db.write(unit)


def _line(job: Job, now: datetime) -> JobLine:
    error = None if job.last_error is None else " ".join(job.last_error.split())[:_ERROR_LENGTH]
    age = max(0.0, (now - job.created_at).total_seconds())
    return JobLine(job.id, job.kind, job.lane, job.status, job.attempts, age, job.due_at, error)
