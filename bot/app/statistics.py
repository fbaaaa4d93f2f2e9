"""The numbers of the product: summed and counted in the background, and read beside a running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.app.beside import database_beside
from bot.core.clock import SystemClock
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.services.instance_statistics import SUM, InstanceNumbers
from bot.services.statistics import Statistics
from bot.services.topics import JOB, PopularTopics
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app.wiring import App

LOOK_EVERY, SUM_EVERY = 300.0, 3600.0

RETRIES = RetryPolicy(attempts=6, patience=3600.0, first_pause=5.0, longest_pause=600.0)
"""Nobody waits: the next look finds what was not done."""


def attach_statistics(app: App) -> list[Tick]:
    """Register the counting of topics and the summing of the ledger."""
    topics, numbers = PopularTopics(app.database, app.clock), InstanceNumbers(app.database, app.clock)
    app.jobs.register(JOB, topics.count, RETRIES)
    app.jobs.register(SUM, numbers.sum_usage, RETRIES)
    return [Tick("popular topics", LOOK_EVERY, topics.due), Tick("sum the ledger", SUM_EVERY, numbers.due)]


@asynccontextmanager
async def open_statistics(settings: Settings) -> AsyncIterator[tuple[Statistics, InstanceNumbers]]:
    """The numbers of users and of the whole. Raises ConfigError."""
    async with database_beside(settings) as database:
        yield Statistics(database), InstanceNumbers(database, SystemClock())
