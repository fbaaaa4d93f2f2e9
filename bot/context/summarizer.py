"""Makes the 7-day and 30-day summaries: a chain of jobs with one model call each; the last one stores."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context.data import zone_of
from bot.context.summary_call import BadAnswer, Writer, Written, later
from bot.context.summary_plan import Run
from bot.context.summary_steps import Call, Source, Steps
from bot.core.errors import LLMError
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.ports import Clock
from bot.core.views import ProfileView
from bot.db import search
from bot.db.engine import Database
from bot.db.repositories import jobs, ledger, summaries, summary_sources
from bot.db.repositories.summaries import NewSummary, Period
from bot.memory.lexing import terms
from bot.settings import Settings

log = logging.getLogger(__name__)

PURPOSE = "summary"


def periods(settings: Settings) -> tuple[Period, ...]:
    """The two kinds of summaries as the settings have them, none of them reaching behind the retention."""
    kept = timedelta(days=settings.message_retention_days)
    return tuple(
        _within(Period(kind, timedelta(days=covers), timedelta(days=interval), tokens), kept)
        for kind, covers, interval, tokens in (
            ("recent", 7, settings.recent_summary_interval_days, settings.recent_summary_tokens),
            ("long", 30, settings.long_summary_interval_days, settings.long_summary_tokens),
        )
    )


def _within(period: Period, kept: timedelta) -> Period:
    """So short that a summary tells of nothing older than `kept` before the next one takes its place.

    It covers more than an interval: a run that is a little late leaves no gap.
    """
    interval = min(period.interval, kept * 2 / 5)
    return replace(period, covers=min(period.covers, kept - interval), interval=interval)


def wanted(kinds: Sequence[Period]) -> list[Period]:
    """Those worth making: where little is kept, the longer one would only say again what the other says."""
    shortest = min(period.covers for period in kinds)
    return [period for period in kinds if period.kind == "recent" or period.covers > shortest * 3 / 2]


def due_summaries(session: Session, kinds: Sequence[Period], now: datetime, limit: int = 200) -> list[NewJob]:
    """The first jobs of the runs that are due now, at most `limit` of each kind."""
    return [job for period in kinds for job in summaries.due(session, period, now, limit)]


class Summarizer:
    """Does the jobs "summary.period"."""

    def __init__(self, writer: Writer, database: Database, clock: Clock, settings: Settings) -> None:
        self._writer = writer
        self._db = database
        self._clock = clock
        self._zone = settings.default_timezone
        self._ceiling = settings.context_max_tokens
        self._periods = {period.kind: period for period in periods(settings)}

    async def step(self, job: ClaimedJob) -> None:
        """The next call of a run; the step behind it is a job of its own, so that nothing is paid twice.

        Raises BadAnswer, LLMError or RetryLater, after which the same step is tried again.
        """
        run = Run.stored(job.payload)
        run = run if run.until is not None else replace(run, until=self._clock.now())
        steps = await asyncio.to_thread(self._steps, run.kind)
        found = await self._next(run, steps, terse=job.attempts > 1)
        if found is not None:
            run, call = found
            await self._keep(job, run, steps, call, await self._ask(run, call))

    async def _next(self, run: Run, steps: Steps, *, terse: bool) -> tuple[Run, Call] | None:
        """The call to make; None where there is nothing left to do or nothing to tell."""
        while True:
            source = await self._db.read(lambda s, run=run: self._source(s, run, steps.limit))  # type: ignore[misc]
            if source is None:
                return None
            found = await asyncio.to_thread(steps.next_call, run, source, terse=terse)
            if not isinstance(found, Run):
                return None if found is None else (run, found)
            run = found

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """Say that the summary stays as it was."""
        run = Run.stored(job.payload)
        what = f"the {run.kind} summary of chat {run.place.chat_id}"
        log.warning(
            "%s stays as it is, the next try is in %s: %s", what, self._periods[run.kind].interval, error
        )

    def _steps(self, kind: str) -> Steps:
        # Anew for each step: how a model's tokens are counted changes as its usage is known better.
        return Steps(self._ceiling, self._periods[kind].tokens, self._writer.tokens)

    def _source(self, session: Session, run: Run, limit: int) -> Source | None:
        """What the step needs; None when the run went on without it, came too late or lost its ground."""
        assert run.until is not None
        period = self._periods[run.kind]
        before = summaries.find(session, run.place, run.kind)
        pause = period.interval if run.step == 0 else timedelta(0)
        cleared = summaries.last_cleared(session, run.place)
        if (
            summaries.went_on(session, run.next_key)
            or (before is not None and run.until - before.cursor_at < max(pause, timedelta.resolution))
            or (cleared is not None and cleared > run.until)
        ):
            return None
        since = run.until - period.covers
        among = [] if run.done else summary_sources.stretches(session, run.place, since, run.until)
        messages = summary_sources.said(session, among, run.after, limit)
        profile = ProfileView(timezone=summary_sources.timezone(session, run.place))
        zone = zone_of(profile, self._zone)
        return Source(messages, len(messages) < limit, before.text if before else "", since, zone)

    async def _ask(self, run: Run, call: Call) -> Written | None:
        """The answer; None where a draft could not be shortened."""
        try:
            return await self._writer.write(call.messages, call.cap, PURPOSE)
        except LLMError as error:
            raise later(error) from error
        except BadAnswer:
            if run.draft is None:
                raise
            return None

    async def _keep(
        self, job: ClaimedJob, run: Run, steps: Steps, call: Call, written: Written | None
    ) -> None:
        """Store what the call gave, with its cost: the summary, or the job of the next step."""
        now = self._clock.now()
        text = steps.finished(run, call, written)
        new = self._summary(run, text) if text is not None else None
        follow: list[NewJob] = []
        if new is None and written is not None:
            payload = steps.behind(run, call, written).payload()
            lane = run.place.lane(run.kind)
            follow = [NewJob(summaries.JOB, "background", lane, payload, run.next_key)]

        def unit(session: Session) -> None:
            if written is not None:
                ledger.charge(session, written.completion, PURPOSE, now)
            if not summaries.held(session, job.id):
                return  # the place began anew meanwhile: what was said before is no longer wanted
            if new is not None and summaries.replace(session, run.place, new, now):
                _index(session, run)
            jobs.enqueue(session, follow, now)

        await self._db.write(unit)

    def _summary(self, run: Run, text: str) -> NewSummary:
        assert run.until is not None
        start = run.until - self._periods[run.kind].covers
        tokens = self._writer.tokens.count(text)
        return NewSummary(run.kind, text, tokens, start, run.until, self._writer.model)


def _index(session: Session, run: Run) -> None:
    """Let the summary be found by its words; what takes its row away takes its words, too."""
    row = summaries.find(session, run.place, run.kind)
    if row is not None:
        search.put_item(session, "summary", row.id, f"c{run.place.chat_id}", terms(row.text))
