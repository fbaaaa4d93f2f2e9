"""The worker: wakes in time, keeps its leases, and gives back what it cannot finish."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from bot.core.clock import SystemClock
from bot.core.jobs import ClaimedJob, NewJob
from bot.db.engine import Database
from bot.db.repositories import jobs
from bot.jobs.registry import JobHandler
from bot.jobs.worker import Worker
from tests.jobs.working import doing, enqueue, running, stored
from tests.support.opened import opened
from tests.support.waiting import until


async def test_a_worker_wakes_without_waiting_for_its_poll(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.worker.POLL", 30.0)
    clock, done = SystemClock(), asyncio.Event()

    async def handle(_: ClaimedJob) -> None:
        done.set()

    async with running(Worker("receive", 2, database, doing(handle), clock)):
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await enqueue(database, clock, "a")
        await done.wait()
        assert time.monotonic() - begun < 0.5


async def test_another_process_is_found_by_polling(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.worker.POLL", 0.05)
    clock, done = SystemClock(), asyncio.Event()

    async def handle(_: ClaimedJob) -> None:
        done.set()

    async with (
        opened(sqlite_database.url) as other,
        running(Worker("receive", 2, sqlite_database, doing(handle), clock)),
    ):
        await enqueue(other, clock, "a")
        await done.wait()


async def test_due_times_are_kept_to_fifty_milliseconds(database: Database) -> None:
    clock, late = SystemClock(), []
    due = clock.now() + timedelta(seconds=0.7)

    async def handle(_: ClaimedJob) -> None:
        late.append((clock.now() - due).total_seconds())

    async with running(Worker("receive", 4, database, doing(handle), clock)):
        await asyncio.sleep(0.05)
        new = [NewJob("do", "receive", lane, due_at=due) for lane in "abc"]
        await database.write(lambda s: jobs.enqueue(s, new, clock.now()))
        await until(lambda: len(late) == 3)
    assert 0 <= min(late) <= max(late) < 0.05 + 0.1  # the second tenth is a busy machine's


async def test_a_stop_waits_a_while_then_gives_back_what_is_unfinished(database: Database) -> None:
    clock, begun = SystemClock(), []

    async def handle(job: ClaimedJob) -> None:
        begun.append(job.lane)
        await asyncio.sleep(0.2 if job.lane == "quick" else 60)

    worker = Worker("receive", 4, database, doing(handle), clock)
    await enqueue(database, clock, "quick", "slow", "slow")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        await until(lambda: len(begun) == 2)
        assert worker.busy == 2
        before = time.monotonic()
        await worker.stop(0.6)
        assert 0.5 < time.monotonic() - before < 2
    assert [row[:2] for row in await stored(database)] == [("done", 1), ("queued", 0), ("queued", 0)]
    assert worker.busy == 0


async def test_a_stop_in_the_middle_of_a_claim_leaves_no_lease(database: Database) -> None:
    clock = SystemClock()

    async def handle(_: ClaimedJob) -> None:
        await asyncio.sleep(60)

    await enqueue(database, clock, *"abc")
    for _ in range(5):
        worker = Worker("receive", 4, database, doing(handle), clock)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await worker.stop(0)
        assert [row[:2] for row in await stored(database)] == [("queued", 0)] * 3


async def test_leases_are_kept_while_a_job_runs_and_lost_with_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.worker.POLL", 0.1)
    clock, begun = SystemClock(), []

    def handler(name: str, seconds: float) -> JobHandler:
        async def handle(job: ClaimedJob) -> None:
            begun.append((name, job.lane))
            await asyncio.sleep(seconds)

        return handle

    first = Worker("receive", 1, database, doing(handler("first", 1.5)), clock, lease=0.6)
    second = Worker("receive", 1, database, doing(handler("second", 0)), clock, lease=0.6)
    await enqueue(database, clock, "a")
    async with running(first, second):
        await until(lambda: bool(begun))
        await asyncio.sleep(1.2)
        assert len(begun) == 1, "the heartbeat kept it for twice the lease"
    # A worker that died: nobody extends the lease.
    await enqueue(database, clock, "dead")
    lease = clock.now() + timedelta(seconds=0.3)
    await database.write(lambda s: jobs.claim(s, "receive", 1, "dead worker", clock.now(), lease))
    begun.clear()
    async with running(Worker("receive", 1, database, doing(handler("heir", 0)), clock)):
        await asyncio.sleep(0.15)
        assert begun == []
        await until(lambda: bool(begun))
        await until(lambda: clock.now() > lease)
    assert (await stored(database))[1][:2] == ("done", 2)


async def test_slots_bound_what_runs_at_a_time(sqlite_database: Database) -> None:
    clock, now_running, most = SystemClock(), 0, 0
    done: list[int] = []

    async def handle(job: ClaimedJob) -> None:
        nonlocal now_running, most
        now_running += 1
        most = max(most, now_running)
        await asyncio.sleep(0.01)
        now_running -= 1
        done.append(job.id)

    await enqueue(sqlite_database, clock, *map(str, range(20)))
    async with running(Worker("receive", 3, sqlite_database, doing(handle), clock)):
        await until(lambda: len(done) == 20)
    assert most == 3


def test_two_handlers_for_one_kind_are_refused() -> None:
    async def handle(_: ClaimedJob) -> None: ...

    registry = doing(handle)
    with pytest.raises(ValueError, match="two handlers"):
        registry.register("do", handle)
