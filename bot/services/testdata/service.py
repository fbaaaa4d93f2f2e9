"""Making test data and taking it away again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.ports import Clock, TokenCounter
from bot.db.engine import Database
from bot.db.repositories import jobs, testdata, topics
from bot.services.erasure import Erasure
from bot.services.testdata.making import MOST_PEOPLE, Made, Role, make_person
from bot.services.topics import job as topics_job

PEOPLE, MESSAGES = 6, 20
MOST_MESSAGES = 200


class RealPeople(Invalid):
    """There are people here who are no test data; the text is for whoever asked."""


class TestData:
    """Test people of three languages. In a `rehearsal` everybody is one, so nobody has to be spared."""

    __test__ = False

    def __init__(
        self, database: Database, clock: Clock, tokens: TokenCounter, erasure: Erasure, *, rehearsal: bool
    ) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._erasure = erasure
        self._rehearsal = rehearsal

    async def create(self, users: int = PEOPLE, messages: int = MESSAGES, *, force: bool = False) -> Made:
        """Make what is missing of so many people with so many messages each; no model is called.

        Raises RealPeople beside real people unless `force`, and Invalid for numbers out of range.
        """
        if not 1 <= users <= MOST_PEOPLE:
            raise Invalid("too few or too many test people", field="users")
        if not 2 <= messages <= MOST_MESSAGES:
            raise Invalid("too few or too many messages", field="messages")
        real = await self._db.read(testdata.real_people)
        if real and not force and not self._rehearsal:
            raise RealPeople(
                "There are real people here, and test data would stand among theirs: ask with force to make "
                "it all the same."
            )
        made, now = Made(), self._clock.now()
        for number in range(users):
            role = Role(number, messages)
            made += await self._db.write(lambda s, role=role: make_person(s, role, self._tokens, now))  # type: ignore[misc]
        if made != Made():
            await self._db.write(self._count_topics)
        return made

    async def remove(self) -> Mapping[str, int]:
        """Take all of it away, with whatever was said to test people since. Returns what, by kind."""
        removed: Counter[str] = Counter()
        for person in await self._db.read(testdata.people_of):
            removed.update({"users": 1})
            removed.update(await self._erasure.remove(person))
        if removed:
            await self._db.write(self._count_topics)
        return dict(removed)

    def _count_topics(self, session: Session) -> None:
        """Popular topics show the change at once, not at their next count."""
        now = self._clock.now()
        topics.forget(session, now)
        jobs.enqueue(session, [topics_job(now)], now)
