"""Many workers at once: lanes keep their order and never overlap, and each job is done once."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import pytest

from bot.core.clock import SystemClock
from bot.core.jobs import ClaimedJob, NewJob
from bot.db.engine import Database
from bot.db.repositories import jobs
from bot.jobs.registry import JobRegistry, RetryPolicy
from bot.jobs.worker import Worker
from tests.support.waiting import until

WORKERS, JOBS, LANES = 24, 144, 16


class Ledger:
    """Notes what runs in which lane, and stumbles over every 17th job once."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.overlaps: list[str] = []
        self.done: dict[str, list[int]] = defaultdict(list)
        self.stumbled: set[int] = set()

    @property
    def count(self) -> int:
        return sum(map(len, self.done.values()))

    async def work(self, job: ClaimedJob) -> None:
        number = job.payload["n"]
        self.open[job.lane] += 1
        if self.open[job.lane] > 1:
            self.overlaps.append(job.lane)
        await asyncio.sleep(0.001 * (number % 4))
        self.open[job.lane] -= 1
        if number % 17 == 0 and number not in self.stumbled:
            self.stumbled.add(number)
            raise ConnectionError("once")
        self.done[job.lane].append(number)


@pytest.mark.slow
async def test_lanes_keep_order_without_overlap(database: Database) -> None:
    ledger, registry, clock = Ledger(), JobRegistry(), SystemClock()
    registry.register("note", ledger.work, RetryPolicy(first_pause=0.01))
    workers = [Worker("receive", 3, database, registry, clock) for _ in range(WORKERS)]

    async def enqueue(numbers: range) -> None:
        for n in numbers:
            new = NewJob("note", "receive", f"lane-{n % LANES}", {"n": n}, dedup_key=f"n:{n}")
            await database.write(lambda s, new=new: jobs.enqueue(s, [new, new], clock.now()))  # type: ignore[misc]

    async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
        # Two enqueuers with lanes of their own, while the workers run already.
        tasks.create_task(enqueue(range(0, JOBS, 2)))
        tasks.create_task(enqueue(range(1, JOBS, 2)))
        running = [tasks.create_task(worker.run()) for worker in workers]
        await until(lambda: ledger.count == JOBS, 85)
        await asyncio.gather(*(worker.stop(5) for worker in workers))
        await asyncio.gather(*running)
    assert ledger.overlaps == []
    assert ledger.done == {f"lane-{lane}": list(range(lane, JOBS, LANES)) for lane in range(LANES)}
    assert len(ledger.stumbled) == len(range(0, JOBS, 17))
    assert await database.read(lambda s: jobs.next_due(s, "receive", clock.now())) is None
