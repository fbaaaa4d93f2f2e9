"""Summaries in the product: their jobs, and the look for those that are due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.context.summarizer import Summarizer, due_summaries, periods, wanted
from bot.context.summary_call import Writer
from bot.context.summary_catch_up import CatchUps
from bot.context.summary_running import JOB as CONVERSATION_JOB
from bot.context.summary_running import RunningSummaries
from bot.core.jobs import NewJob
from bot.db.repositories.summaries import JOB as PERIOD_JOB
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick

if TYPE_CHECKING:
    from bot.app.wiring import App

LOOK_EVERY = 600.0

RETRIES = RetryPolicy(attempts=5, patience=172_800.0, first_pause=300.0, longest_pause=14_400.0)
"""Nobody waits: a failed call is made again after 5, 10, 20 and 40 minutes, or once a new day has money."""


def attach_summaries(app: App) -> list[Tick]:
    """Register the jobs of both sorts of summaries; without a model nothing falls due."""
    writer = Writer(app.llm, app.database, app.clock, app.tokens)
    summarizer = Summarizer(writer, app.database, app.clock, app.settings)
    running = RunningSummaries(writer, app.database, app.clock, app.settings)
    app.jobs.register(PERIOD_JOB, summarizer.step, RETRIES, summarizer.give_up)
    app.jobs.register(CONVERSATION_JOB, running.renew, RETRIES, running.give_up)
    kinds = wanted(periods(app.settings))

    def find(session: Session, now: datetime) -> list[NewJob]:
        return due_summaries(session, kinds, now)

    return [Tick("summaries", LOOK_EVERY, find)] if app.settings.has_model else []


def make_catch_ups(app: App) -> CatchUps:
    """The service behind /summary."""
    writer = Writer(app.llm, app.database, app.clock, app.tokens)
    return CatchUps(writer, app.database, app.clock, app.settings)
