"""The durable queue: enqueue, claim under a lease, finish, retry, dead letters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.core.jobs import TERMINAL, ClaimedJob, NewJob, Pool
from bot.db.clean import storable
from bot.db.engine import announce
from bot.db.models import Job
from bot.db.upsert import insert_new, is_postgres

TOPIC = "jobs"
"""Prefix of the announcement that wakes a pool's workers: "jobs:receive" …"""

# Literals, not parameters: only so can the planners prove that a partial index covers the query.
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_RUNNING: ColumnElement[str] = literal_column("'running'")


def _unfinished(job: type[Job]) -> ColumnElement[bool]:
    return job.status.in_((_QUEUED, _RUNNING))


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
    _commit_in_order(session, {job.lane for job in jobs})
    added = insert_new(session, Job, rows, ["dedup_key"])
    if added:
        for pool in {job.pool for job in jobs}:
            announce(session, f"{TOPIC}:{pool}")
    return added


def _commit_in_order(session: Session, lanes: Iterable[str]) -> None:
    """Hold the lanes until the commit: a lower id must not become visible after a higher one of its lane."""
    if not is_postgres(session):
        return
    digests = (hashlib.blake2b(lane.encode(), digest_size=8).digest() for lane in lanes)
    keys = sorted(int.from_bytes(digest, signed=True) for digest in digests)
    lock = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
    session.execute(lock, {"keys": keys})


@cache
def _due() -> Select[Job]:
    # Every worker looks all the time: the query is put together once.
    pool, now = bindparam("pool", type_=Job.pool.type), bindparam("now", type_=Job.due_at.type)
    other = aliased(Job)
    ahead = or_(
        other.id < Job.id,
        and_(other.id > Job.id, other.status == _RUNNING, other.lease_until >= now),
    )
    blocked = exists().where(other.lane == Job.lane, _unfinished(other), ahead)
    free = or_(Job.status == _QUEUED, Job.lease_until < now)
    return (
        select(Job)
        .where(Job.pool == pool, Job.due_at <= now, _unfinished(Job), free, ~blocked)
        .order_by(Job.due_at, Job.id)  # as the index stands: a long queue is not sorted for a few of it
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


@cache
def _next() -> Select[datetime | None]:
    pool, now = bindparam("pool", type_=Job.pool.type), bindparam("now", type_=Job.due_at.type)
    return select(func.min(Job.due_at)).where(
        Job.pool == pool, Job.due_at > now, _unfinished(Job), Job.status == _QUEUED
    )


def claim(
    session: Session, pool: Pool, limit: int, owner: str, now: datetime, lease_until: datetime
) -> list[ClaimedJob]:
    """Take up to `limit` due jobs of a pool, none of which has an earlier unfinished job in its lane.

    That rule keeps lanes in order and free of overlap also when several workers claim at once. A job whose
    lease ran out (its worker died) is claimable again. A replayed dead letter also waits for a later job
    of its lane that runs.
    """
    values = {"pool": pool, "now": now, "most": limit}
    claimed = []
    for job in session.scalars(_due(), values):
        job.status = "running"
        job.attempts += 1
        job.lease_owner = owner
        job.lease_until = lease_until
        claimed.append(_claimed(job))
    return claimed


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """An unfinished job whose worker is gone."""

    id: int
    payload: dict[str, Any]


def left_by_terminals(
    session: Session, now: datetime, quiet: datetime, limit: int, *, but: str = "", lock: bool = True
) -> list[Unclaimed]:
    """Jobs of terminals that are gone, oldest first: the lease ran out, or nobody claimed since `quiet`.

    What waits in its lane behind a living terminal's job is not among them, nor what is in the pool `but`.
    A mere look does not `lock`.
    """
    other = aliased(Job)
    living = exists().where(
        other.lane == Job.lane, other.id < Job.id, other.status == _RUNNING, other.lease_until >= now
    )
    gone = or_(
        and_(Job.status == _RUNNING, Job.lease_until < now),
        and_(Job.status == _QUEUED, Job.due_at < quiet, ~living),
    )
    query = select(Job).where(Job.pool.startswith(TERMINAL), Job.pool != but, _unfinished(Job), gone)
    query = query.order_by(Job.id).limit(limit)
    found = session.scalars(query.with_for_update(skip_locked=True) if lock else query)
    return [Unclaimed(job.id, job.payload) for job in found]


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
    return session.scalar(_next(), {"pool": pool, "now": now})


def extend_leases(session: Session, ids: Sequence[int], owner: str, lease_until: datetime) -> None:
    """A heartbeat for the jobs that this worker still runs."""
    session.execute(
        update(Job)
        .where(Job.id.in_(ids), Job.lease_owner == owner, Job.status == "running")
        .values(lease_until=lease_until)
    )


def _held(session: Session, job_id: int, owner: str | None) -> Job | None:
    """The job under a lock; None when it is gone, or `owner` has lost its lease to another."""
    query = select(Job).where(Job.id == job_id)
    if owner is not None:
        query = query.where(Job.lease_owner == owner, Job.status == _RUNNING)
    return session.scalar(query.with_for_update())


def _let_go(session: Session, job: Job) -> None:
    job.lease_owner = job.lease_until = None
    announce(session, f"{TOPIC}:{job.pool}")


def finish(session: Session, job_id: int, now: datetime, owner: str | None = None) -> bool:
    """The job is done; only its dedup key is kept. False when `owner` no longer holds it."""
    job = _held(session, job_id, owner)
    if job is None:
        return False
    job.status, job.payload, job.finished_at, job.last_error = "done", {}, now, None
    _let_go(session, job)
    return True


def postpone(
    session: Session, job_id: int, due_at: datetime, error: str, now: datetime, owner: str | None = None
) -> bool:
    """The job failed and will be tried again at `due_at`; its lane waits. False: see `finish`."""
    job = _held(session, job_id, owner)
    if job is None:
        return False
    job.status, job.due_at, job.last_error = "queued", due_at, storable(error[:2000])
    job.first_failed_at = job.first_failed_at or now
    _let_go(session, job)
    return True


def bury(session: Session, job_id: int, error: str, now: datetime, owner: str | None = None) -> bool:
    """The job is a dead letter: kept whole, out of its lane's way, replayable. False: see `finish`."""
    job = _held(session, job_id, owner)
    if job is None:
        return False
    job.status, job.last_error, job.finished_at = "dead", storable(error[:2000]), now
    _let_go(session, job)
    return True


def release(session: Session, ids: Sequence[int], owner: str, now: datetime) -> None:
    """Give back jobs that were not finished at a stop; they run again at the next start, uncounted."""
    mine = select(Job).where(Job.id.in_(ids), Job.lease_owner == owner, Job.status == _RUNNING)
    for job in session.scalars(mine.with_for_update()):
        job.status, job.due_at = "queued", now
        job.attempts -= 1
        _let_go(session, job)


def release_all(session: Session, now: datetime) -> int:
    """At the start of a single-process instance: leases of a killed predecessor end at once.

    Terminals work beside it and keep theirs.
    """
    result = session.execute(
        update(Job)
        .where(_unfinished(Job), Job.status == _RUNNING, ~Job.pool.startswith(TERMINAL))
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
    job = session.get(Job, job_id, with_for_update=True)
    if job is None or job.status != "dead":
        return False
    # Whoever claims in this lane at the same time either is seen by the next claim or skips what is locked.
    session.execute(
        select(Job.id).where(Job.lane == job.lane, _unfinished(Job)).order_by(Job.id).with_for_update()
    )
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
