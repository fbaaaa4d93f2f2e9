"""The durable queue: enqueue, claim under a lease, finish, retry, dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot.core.jobs import ClaimedJob, NewJob, Pool
from bot.db.engine import announce
from bot.db.models import Job
from bot.db.upsert import insert_new

UNFINISHED = ("queued", "running")
TOPIC = "jobs"
"""Prefix of the announcement that wakes a pool's workers: "jobs:receive" …"""


def enqueue(session: Session, jobs: Sequence[NewJob], now: datetime) -> int:
    """Insert the jobs whose dedup key is new; returns how many were."""
    if not jobs:
        return 0
    rows = [
        {
            "kind": job.kind,
            "pool": job.pool,
            "lane": job.lane,
            "payload": job.payload,
            "dedup_key": job.dedup_key,
            "status": "queued",
            "attempts": 0,
            "due_at": job.due_at or now,
            "created_at": now,
        }
        for job in jobs
    ]
    added = insert_new(session, Job, rows, ["dedup_key"])
    if added:
        for pool in {job.pool for job in jobs}:
            announce(session, f"{TOPIC}:{pool}")
    return added


def claim(
    session: Session, pool: Pool, limit: int, owner: str, now: datetime, lease_until: datetime
) -> list[ClaimedJob]:
    """Take up to `limit` due jobs of a pool, none of which has an earlier unfinished job in its lane.

    That one rule keeps lanes in order and free of overlap also when several workers claim at once. A job
    whose lease ran out (its worker died) is claimable again.
    """
    earlier = aliased(Job)
    blocked = exists().where(earlier.lane == Job.lane, earlier.id < Job.id, earlier.status.in_(UNFINISHED))
    free = or_(Job.status == "queued", and_(Job.status == "running", Job.lease_until < now))
    due = (
        select(Job)
        .where(Job.pool == pool, Job.due_at <= now, Job.status.in_(UNFINISHED), free, ~blocked)
        .order_by(Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for job in session.scalars(due):
        job.status = "running"
        job.attempts += 1
        job.lease_owner = owner
        job.lease_until = lease_until
        claimed.append(_claimed(job))
    return claimed


def _claimed(job: Job) -> ClaimedJob:
    return ClaimedJob(
        id=job.id,
        kind=job.kind,
        pool=job.pool,  # type: ignore[arg-type]  # written by enqueue from a Pool
        lane=job.lane,
        payload=job.payload,
        attempts=job.attempts,
        first_failed_at=job.first_failed_at,
        created_at=job.created_at,
    )


def next_due(session: Session, pool: Pool, now: datetime) -> datetime | None:
    """When the next queued job of a pool falls due that is not due yet."""
    return session.scalar(
        select(func.min(Job.due_at)).where(
            Job.pool == pool, Job.due_at > now, Job.status.in_(UNFINISHED), Job.status == "queued"
        )
    )


def extend_leases(session: Session, ids: Sequence[int], owner: str, lease_until: datetime) -> None:
    """A heartbeat for the jobs that this worker still runs."""
    session.execute(
        update(Job)
        .where(Job.id.in_(ids), Job.lease_owner == owner, Job.status == "running")
        .values(lease_until=lease_until)
    )


def finish(session: Session, job_id: int, now: datetime) -> None:
    """The job is done; only its dedup key is kept."""
    job = session.get(Job, job_id)
    if job is None:
        return
    job.status, job.payload, job.finished_at = "done", {}, now
    job.lease_owner = job.lease_until = job.last_error = None
    announce(session, f"{TOPIC}:{job.pool}")


def postpone(session: Session, job_id: int, due_at: datetime, error: str, now: datetime) -> None:
    """The job failed and will be tried again at `due_at`; its lane waits."""
    job = session.get(Job, job_id)
    if job is None:
        return
    job.status, job.due_at, job.last_error = "queued", due_at, error[:2000]
    job.lease_owner = job.lease_until = None
    job.first_failed_at = job.first_failed_at or now
    announce(session, f"{TOPIC}:{job.pool}")


def bury(session: Session, job_id: int, error: str, now: datetime) -> None:
    """The job is a dead letter: kept whole, out of its lane's way, replayable."""
    job = session.get(Job, job_id)
    if job is None:
        return
    job.status, job.last_error, job.finished_at = "dead", error[:2000], now
    job.lease_owner = job.lease_until = None
    announce(session, f"{TOPIC}:{job.pool}")


def release(session: Session, ids: Sequence[int], owner: str, now: datetime) -> None:
    """Give back jobs that were not finished at a stop; they run again at the next start, uncounted."""
    for job in session.scalars(
        select(Job).where(Job.id.in_(ids), Job.lease_owner == owner, Job.status == "running")
    ):
        job.status, job.due_at = "queued", now
        job.attempts -= 1
        job.lease_owner = job.lease_until = None


def release_all(session: Session, now: datetime) -> int:
    """At the start of a single-process instance: leases of a killed predecessor end at once."""
    result = session.execute(
        update(Job)
        .where(Job.status == "running")
        .values(status="queued", lease_owner=None, lease_until=None, due_at=now)
        .returning(Job.id)
    )
    return len(result.all())


def move_due(session: Session, dedup_key: str, due_at: datetime) -> bool:
    """Postpone a job that still waits; False when it was claimed already."""
    moved = session.execute(
        update(Job)
        .where(Job.dedup_key == dedup_key, Job.status == "queued")
        .values(due_at=due_at)
        .returning(Job.id)
    ).first()
    return moved is not None


def replay(session: Session, job_id: int, now: datetime) -> bool:
    """Queue a dead letter again, with its attempts counted from zero; False when it is none."""
    job = session.get(Job, job_id)
    if job is None or job.status != "dead":
        return False
    job.status, job.attempts, job.due_at = "queued", 0, now
    job.first_failed_at = job.finished_at = None
    announce(session, f"{TOPIC}:{job.pool}")
    return True


def purge_finished(session: Session, before: datetime) -> int:
    """Forget done jobs and their dedup keys from before a time."""
    gone = session.execute(
        delete(Job).where(Job.status == "done", Job.finished_at < before).returning(Job.id)
    )
    return len(gone.all())
