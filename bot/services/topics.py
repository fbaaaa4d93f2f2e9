"""Popular topics: counted from the last month's talk by a job now and then, so that showing them is cheap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from bot.core.errors import RetryLater
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import topics
from bot.db.repositories.topics import Kept, Talk
from bot.memory.topics import Topic, TopicCounter, topic_words

JOB = "topics.count"
LANE = "statistics"

DAYS = 30
SHOWN = 20
"""Topics that are kept of everybody's and of each application's."""

MOST_MESSAGES = 200_000
"""Messages of one count at most: some 10 seconds of work beside everything else."""

SOON, LATER = timedelta(hours=1), timedelta(days=1)
MANY = 20_000
"""Fewer messages are counted anew every hour, so many once a day."""

_TALKS, _PART = 200, 500


class PopularTopics:
    """Counts the words of the last 30 days.

    Each count begins anew: what was erased, hidden or has expired in the meantime is not in it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def due(self, session: Session, now: datetime) -> list[NewJob]:
        """The job, if it is time for it."""
        return [job(now)] if _is_due(topics.kept(session), now) else []

    async def count(self, _job: ClaimedJob) -> None:
        """Do a "topics.count" job. Raises RetryLater where somebody was erased in the meantime."""
        before, now = await self._db.read(topics.kept), self._clock.now()
        if _is_due(before, now) and not await self._count(before, now):
            raise RetryLater("somebody was erased while topics were counted", 5.0)

    async def _count(self, before: Kept, now: datetime) -> bool:
        counters: dict[str, TopicCounter] = {"": TopicCounter()}
        messages = 0
        chats = await self._db.read(topics.stand_ins)
        async with aclosing(self._said(now)) as parts:
            async for talk, said in parts:
                own = [pair for pair in said if pair[0] not in chats]
                messages += len(own)
                await asyncio.to_thread(_count, counters, talk.application, own)
                if messages >= MOST_MESSAGES:
                    break
        found = {name: _rows(counter.top(SHOWN)) for name, counter in counters.items()}
        shown = {name: rows for name, rows in found.items() if rows}
        return await self._db.write(
            lambda s: topics.keep(s, Kept(now, messages, before.erased, shown), self._clock.now())
        )

    async def _said(self, now: datetime) -> AsyncGenerator[tuple[Talk, Sequence[tuple[int, str]]], None]:
        since = now - timedelta(days=DAYS)
        below: int | None = None
        while talks := await self._db.read(
            partial(topics.talks_since, since=since, below=below, limit=_TALKS)
        ):
            for talk in talks:
                before: int | None = None
                while True:
                    part = await self._db.read(
                        partial(topics.said_in, no=talk.no, since=since, before=before, now=now, limit=_PART)
                    )
                    yield talk, part.said
                    if (before := part.earlier) is None:
                        break
            below = talks[-1].no


def job(now: datetime) -> NewJob:
    """The job that counts."""
    return NewJob(JOB, "background", LANE, dedup_key=f"{JOB}:{now:%Y%m%d%H%M%S%f}")


def shown(session: Session, application: str | None) -> list[Topic]:
    """What everybody, or the users of one application, talk about most."""
    found = topics.kept(session).topics or {}
    return [Topic(word, messages) for word, messages in found.get(application or "", [])]


def _is_due(kept: Kept, now: datetime) -> bool:
    interval = LATER if kept.messages >= MANY else SOON
    return kept.made_at is None or now - kept.made_at >= interval


def _count(
    counters: dict[str, TopicCounter], application: str | None, said: Sequence[tuple[int, str]]
) -> None:
    several = {name: counters.setdefault(name, TopicCounter()) for name in {"", application or ""}}
    for person, text in said:
        words = topic_words(text)
        for counter in several.values():
            counter.add(person, words)


def _rows(found: Sequence[Topic]) -> list[tuple[str, int]]:
    return [(topic.word, topic.messages) for topic in found]
