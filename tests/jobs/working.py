"""Workers at work, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.core.jobs import NewJob
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Job
from bot.db.repositories import jobs
from bot.jobs.registry import JobHandler, JobRegistry
from bot.jobs.worker import Worker


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for worker in workers:
            tasks.create_task(worker.run())
        try:
            yield
        finally:
            await asyncio.gather(*(worker.stop(1) for worker in workers))


async def enqueue(database: Database, clock: Clock, *lanes: str, delay: float = 0, kind: str = "do") -> None:
    due = clock.now() + timedelta(seconds=delay)
    new = [NewJob(kind, "receive", lane, {"n": n}, due_at=due) for n, lane in enumerate(lanes)]
    await database.write(lambda s: jobs.enqueue(s, new, clock.now()))


async def stored(database: Database) -> list[tuple[str, int, str | None]]:
    query = select(Job.status, Job.attempts, Job.last_error).order_by(Job.id)
    rows = await database.read(lambda s: s.execute(query).all())
    return [(status, attempts, error) for status, attempts, error in rows]


def doing(handler: JobHandler, **more: Any) -> JobRegistry:
    registry = JobRegistry()
    registry.register("do", handler, **more)
    return registry
