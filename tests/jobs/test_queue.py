"""The durable queue: what is claimed when, and what is left of a job at its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob, NewJob, OwnPool, Pool
from bot.db.engine import Database
from bot.db.models import Job
from bot.db.repositories import jobs
from tests.support.clock import START

LEASE = timedelta(seconds=30)


def job(lane: str = "a", key: str | None = None, **more: Any) -> NewJob:
    return NewJob("kind", more.pop("pool", "receive"), lane, more.pop("payload", {"n": 1}), key, **more)


async def enqueue(database: Database, *new: NewJob, now: datetime = START) -> int:
    return await database.write(lambda s: jobs.enqueue(s, new, now))


async def claim(
    database: Database, now: datetime = START, owner: str = "me", limit: int = 10, pool: Pool = "receive"
) -> list[ClaimedJob]:
    return await database.write(lambda s: jobs.claim(s, pool, limit, owner, now, now + LEASE))


async def rows(database: Database) -> Sequence[Job]:
    return await database.read(lambda s: s.scalars(select(Job).order_by(Job.id)).all())


async def test_a_known_dedup_key_is_enqueued_once_even_when_the_job_is_done(database: Database) -> None:
    assert await enqueue(database, job(key="u1"), job(key="u1"), job(key="u2"), job(), job()) == 4
    assert await enqueue(database, job(key="u1")) == 0
    for lane in range(4):
        [taken] = await claim(database, START + timedelta(seconds=lane))
        await database.write(lambda s, i=taken.id: jobs.finish(s, i, START))  # type: ignore[misc]
    assert await enqueue(database, job(key="u1"), job(key="u2")) == 0
    assert [(row.status, row.dedup_key, row.payload) for row in await rows(database)] == [
        ("done", "u1", {}), ("done", "u2", {}), ("done", None, {}), ("done", None, {}),
    ]  # fmt: skip


async def test_only_the_head_of_each_lane_is_claimed(database: Database) -> None:
    await enqueue(database, *(job(lane, payload={"n": n}) for n in range(3) for lane in "ab"))
    first = await claim(database)
    assert [(taken.lane, taken.payload["n"]) for taken in first] == [("a", 0), ("b", 0)]
    assert await claim(database, owner="other") == []
    await database.write(lambda s: jobs.finish(s, first[1].id, START))
    assert [(taken.lane, taken.payload["n"]) for taken in await claim(database)] == [("b", 1)]


async def test_a_large_batch_keeps_its_order(database: Database) -> None:
    await enqueue(database, *(job(f"lane-{n}", payload={"n": n}) for n in range(1300)))
    taken = await claim(database, limit=2000)
    assert [one.payload["n"] for one in taken] == list(range(1300))


async def test_pools_and_due_times_are_kept_apart(database: Database) -> None:
    later, latest = START + timedelta(seconds=5), START + timedelta(seconds=9)
    await enqueue(database, job("x", pool="answer"), job("b", due_at=latest), job("c", due_at=later))
    assert await claim(database) == []
    assert await database.read(lambda s: jobs.next_due(s, "receive", START)) == later
    assert await database.read(lambda s: jobs.next_due(s, "background", START)) is None
    assert [taken.lane for taken in await claim(database, later)] == ["c"]
    # What runs already is no future work; what is due already needs no waiting.
    assert await database.read(lambda s: jobs.next_due(s, "receive", START)) == latest
    assert await database.read(lambda s: jobs.next_due(s, "receive", latest)) is None


async def test_a_lane_waits_for_its_head_that_is_not_due_yet(database: Database) -> None:
    await enqueue(database, job("a", key="head", due_at=START + timedelta(seconds=1)), job("a"))
    assert await claim(database) == []
    moved = await database.write(lambda s: jobs.move_due(s, "head", START + timedelta(seconds=2)))
    assert moved
    assert await claim(database, START + timedelta(seconds=1.5)) == []
    assert len(await claim(database, START + timedelta(seconds=2))) == 1
    assert not await database.write(lambda s: jobs.move_due(s, "head", START))


async def test_a_lease_that_ran_out_is_taken_over_and_its_old_owner_has_no_say(database: Database) -> None:
    await enqueue(database, job(), job())
    [lost] = await claim(database, owner="dead")
    assert await claim(database, START + LEASE, owner="next") == []
    after = START + LEASE + timedelta(seconds=1)
    [taken] = await claim(database, after, owner="next")
    assert (taken.id, taken.attempts) == (lost.id, 2)

    async def by(owner: str, now: datetime) -> bool:
        return await database.write(lambda s: jobs.finish(s, lost.id, now, owner))

    assert not await by("dead", after)
    assert not await database.write(lambda s: jobs.postpone(s, lost.id, after, "late", after, "dead"))
    assert not await database.write(lambda s: jobs.bury(s, lost.id, "late", after, "dead"))
    assert await claim(database, after) == []  # its successor waits for the new owner
    assert await by("next", after)
    assert len(await claim(database, after)) == 1


async def test_a_heartbeat_keeps_a_lease_but_only_ones_own(database: Database) -> None:
    await enqueue(database, job())
    [taken] = await claim(database, owner="me")
    later = START + LEASE + timedelta(seconds=1)
    await database.write(lambda s: jobs.extend_leases(s, [taken.id], "someone else", later + LEASE))
    [again] = await claim(database, later, owner="me too")
    await database.write(lambda s: jobs.extend_leases(s, [again.id], "me too", later + 2 * LEASE))
    assert await claim(database, later + LEASE + timedelta(seconds=1)) == []


async def test_release_gives_back_uncounted_and_only_what_is_held(database: Database) -> None:
    await enqueue(database, job("a"), job("b"), job("c"))
    a, b, c = await claim(database)
    await database.write(lambda s: jobs.finish(s, a.id, START))
    await database.write(lambda s: jobs.release(s, [a.id, b.id, c.id], "stranger", START))
    assert await claim(database) == []
    await database.write(lambda s: jobs.release(s, [a.id, b.id, c.id], "me", START))
    again = await claim(database)
    assert [(taken.id, taken.attempts) for taken in again] == [(b.id, 1), (c.id, 1)]


async def test_at_the_start_the_leases_of_a_killed_process_end(database: Database) -> None:
    await enqueue(database, job("a"), job("b"), job("b"))
    await claim(database, owner="killed")
    assert await database.write(lambda s: jobs.release_all(s, START)) == 2
    assert [taken.attempts for taken in await claim(database)] == [2, 2]


async def test_a_terminal_beside_keeps_its_lease_and_its_jobs_at_such_a_start(database: Database) -> None:
    await enqueue(database, job("a"), job("b", pool=OwnPool("cli:one")))
    await claim(database, owner="killed")
    mine = await claim(database, pool=OwnPool("cli:one"), owner="terminal")
    assert [taken.lane for taken in mine] == ["b"]
    assert await database.write(lambda s: jobs.release_all(s, START)) == 1
    assert await claim(database, pool=OwnPool("cli:one")) == []


async def test_a_dead_letter_is_kept_whole_and_can_be_replayed(database: Database) -> None:
    await enqueue(database, job("a", key="poison", payload={"keep": "me"}), job("a"))
    [head] = await claim(database)
    await database.write(lambda s: jobs.bury(s, head.id, "broke\x00n", START))
    [dead, _] = await rows(database)
    assert (dead.status, dead.payload, dead.last_error) == ("dead", {"keep": "me"}, "broken")
    [follower] = await claim(database)
    assert await database.write(lambda s: jobs.replay(s, head.id, START))
    assert not await database.write(lambda s: jobs.replay(s, head.id, START))
    assert not await database.write(lambda s: jobs.replay(s, 999, START))
    assert await claim(database) == [], "a replayed job must not run beside a later one of its lane"
    await database.write(lambda s: jobs.finish(s, follower.id, START))
    [again] = await claim(database)
    assert (again.id, again.attempts, again.payload) == (head.id, 1, {"keep": "me"})


async def test_a_replay_does_not_deadlock_with_a_later_job_whose_worker_died(database: Database) -> None:
    await enqueue(database, job("a"), job("a"))
    [head] = await claim(database)
    await database.write(lambda s: jobs.bury(s, head.id, "broken", START))
    [follower] = await claim(database, owner="dying")
    await database.write(lambda s: jobs.replay(s, head.id, START))
    after = START + LEASE + timedelta(seconds=1)
    [taken] = await claim(database, after)
    assert taken.id == head.id
    await database.write(lambda s: jobs.finish(s, head.id, after))
    assert [one.id for one in await claim(database, after)] == [follower.id]


async def test_only_old_finished_jobs_are_forgotten(database: Database) -> None:
    await enqueue(database, *(job(lane, key=lane) for lane in "abc"))
    a, b, _ = await claim(database)
    await database.write(lambda s: jobs.finish(s, a.id, START))
    await database.write(lambda s: jobs.bury(s, b.id, "broken", START))
    day = timedelta(days=1)
    assert await database.write(lambda s: jobs.purge_finished(s, START)) == 0
    assert await database.write(lambda s: jobs.purge_finished(s, START + day)) == 1
    assert [row.dedup_key for row in await rows(database)] == ["b", "c"]
    assert await enqueue(database, job(key="a")) == 1


@pytest.mark.postgres
async def test_a_lane_never_shows_a_later_job_before_an_earlier_one(postgres_database: Database) -> None:
    """Ids are given before the commit there: a slow transaction must hold its lane, and no other."""

    def slow(session: Session) -> None:
        jobs.enqueue(session, [job("a", key="first")], START)
        session.execute(text("SELECT pg_sleep(0.4)"))

    async with asyncio.TaskGroup() as group:
        group.create_task(postgres_database.write(slow))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await enqueue(postgres_database, job("other", key="elsewhere"))
        assert time.monotonic() - begun < 0.25
        await enqueue(postgres_database, job("a", key="second"))
        await claim(postgres_database)
    stored = await rows(postgres_database)
    assert [(row.dedup_key, row.status) for row in stored] == [
        ("first", "running"), ("elsewhere", "running"), ("second", "queued"),
    ]  # fmt: skip
