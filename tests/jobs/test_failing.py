"""Jobs that fail: retried, buried, replayed; and a database that fails under the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.core.clock import SystemClock
from bot.core.errors import RetryLater
from bot.core.jobs import ClaimedJob
from bot.db.engine import Database
from bot.db.repositories import jobs
from bot.jobs.registry import RetryPolicy
from bot.jobs.worker import PermanentFailure, Worker
from tests.jobs.working import doing, enqueue, running, stored
from tests.support.clock import ManualClock
from tests.support.waiting import until


async def test_retries_pause_longer_each_time_then_the_dead_letter_has_one_last_word(
    database: Database, clock: ManualClock
) -> None:
    tried: list[float] = []
    last_words: list[tuple[int, str]] = []

    async def handle(_: ClaimedJob) -> None:
        tried.append(clock.monotonic())
        raise ValueError("no luck")

    async def give_up(job: ClaimedJob, error: Exception) -> None:
        last_words.append((job.attempts, str(error)))

    policy = RetryPolicy(attempts=4, first_pause=1, longest_pause=3)
    worker = Worker("receive", 1, database, doing(handle, policy=policy, give_up=give_up), clock)
    await enqueue(database, clock, "a")
    async with running(worker):
        await _advance_until(clock, lambda: bool(last_words), worker)
    assert tried == [0, 1, 3, 6]
    assert last_words == [(4, "no luck")]
    assert await stored(database) == [("dead", 4, "ValueError('no luck')")]


async def _advance_until(clock: ManualClock, condition: Callable[[], bool], worker: Worker) -> None:
    """Let the worker do what it can, then a second pass, and so on."""
    for _ in range(400):
        for _ in range(8):
            worker._wake.set()  # the clock stands still: no sleep of the worker's would end
            await asyncio.sleep(0.004)
        if condition():
            return
        clock.advance(1)
    raise AssertionError("it never came to that")


async def test_a_failing_head_blocks_its_lane_two_minutes_at_most(
    sqlite_database: Database, clock: ManualClock
) -> None:
    done: list[tuple[int, float]] = []

    async def handle(job: ClaimedJob) -> None:
        if job.payload["n"] == 0:
            raise RetryLater("busy", 25)
        done.append((job.payload["n"], clock.monotonic()))

    policy = RetryPolicy(attempts=1000)
    worker = Worker("receive", 4, sqlite_database, doing(handle, policy=policy), clock)
    await enqueue(sqlite_database, clock, "a", "b", "a")
    async with running(worker):
        await _advance_until(clock, lambda: len(done) == 2, worker)
    [(first, waited), (second, blocked)] = done
    assert (first, waited) == (1, 0.0), "another lane never waits"
    assert second == 2
    assert 75 <= blocked <= 120
    statuses = [status for status, *_ in await stored(sqlite_database)]
    assert statuses == ["dead", "done", "done"]


async def test_a_pause_longer_than_the_patience_is_not_waited_for(
    sqlite_database: Database, clock: ManualClock
) -> None:
    async def handle(_: ClaimedJob) -> None:
        raise RetryLater("come back in an hour", 3600)

    await enqueue(sqlite_database, clock, "a")
    async with running(Worker("receive", 1, sqlite_database, doing(handle), clock)):
        await _wait_for_status(sqlite_database, "dead")


async def _wait_for_status(database: Database, status: str) -> None:
    async def reached() -> bool:
        return (await stored(database))[0][0] == status

    await until(reached)


async def test_what_cannot_succeed_is_a_dead_letter_at_once_and_can_be_replayed(database: Database) -> None:
    clock, tried, words = SystemClock(), [], []
    broken = True

    async def handle(job: ClaimedJob) -> None:
        tried.append(job.attempts)
        if broken:
            raise PermanentFailure("unreadable")

    async def give_up(job: ClaimedJob, _: Exception) -> None:
        words.append(job.id)
        raise RuntimeError("even the last word fails")

    await enqueue(database, clock, "a")
    async with running(Worker("receive", 1, database, doing(handle, give_up=give_up), clock)):
        await _wait_for_status(database, "dead")
        broken = False
        await database.write(lambda s: jobs.replay(s, words[0], clock.now()))
        await _wait_for_status(database, "done")
    assert (tried, len(words)) == ([1, 1], 1)


async def test_an_unknown_kind_is_a_dead_letter_and_the_next_job_runs(database: Database) -> None:
    clock, done = SystemClock(), asyncio.Event()

    async def handle(_: ClaimedJob) -> None:
        done.set()

    await enqueue(database, clock, "a", kind="from an older version")
    await enqueue(database, clock, "a")
    async with running(Worker("receive", 1, database, doing(handle), clock)):
        await done.wait()
    assert (await stored(database))[0] == ("dead", 1, "no handler for from an older version")


async def test_a_job_that_kills_its_worker_each_time_is_buried(database: Database) -> None:
    clock, words = SystemClock(), []

    async def handle(_: ClaimedJob) -> None:
        raise AssertionError("it must not be run again")

    async def give_up(_: ClaimedJob, error: Exception) -> None:
        words.append(str(error))

    await enqueue(database, clock, "a")
    for _ in range(3):
        await database.write(lambda s: jobs.claim(s, "receive", 1, "x", clock.now(), clock.now()))
        await database.write(lambda s: jobs.release_all(s, clock.now()))
    registry = doing(handle, policy=RetryPolicy(attempts=3), give_up=give_up)
    async with running(Worker("receive", 1, database, registry, clock)):
        await _wait_for_status(database, "dead")
    assert words == ["its worker died 3 times"]


async def test_a_handler_whose_own_work_was_cancelled_has_failed_like_any_other(database: Database) -> None:
    clock = SystemClock()

    async def handle(job: ClaimedJob) -> None:
        if job.attempts == 1:
            raise asyncio.CancelledError

    await enqueue(database, clock, "a")
    registry = doing(handle, policy=RetryPolicy(first_pause=0.01))
    async with running(Worker("receive", 1, database, registry, clock)):
        await _wait_for_status(database, "done")


async def test_the_worker_outlives_a_database_that_fails(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write fails for a while: claims, and the record of a job that has been done meanwhile."""
    monkeypatch.setattr("bot.jobs.worker.POLL", 0.02)
    clock, runs = SystemClock(), []

    async def rename(old: str, new: str) -> None:
        await sqlite_database.write(lambda s: s.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

    async def handle(job: ClaimedJob) -> None:
        runs.append(job.lane)
        if job.lane == "a":
            await rename("jobs", "hidden")

    await enqueue(sqlite_database, clock, "a", "a")
    with pytest.raises(OperationalError):
        await sqlite_database.read(lambda s: s.execute(text("SELECT * FROM hidden")))
    async with running(Worker("receive", 1, sqlite_database, doing(handle), clock)):
        await until(lambda: runs == ["a"])
        await asyncio.sleep(0.15)
        await rename("hidden", "jobs")
        await until(lambda: len(runs) == 2)
        await asyncio.sleep(0.15)
        await rename("hidden", "jobs")
        await enqueue(sqlite_database, clock, "b")
        await until(lambda: runs == ["a", "a", "b"])
    assert [row[:2] for row in await stored(sqlite_database)] == [("done", 1)] * 3
