"""How much a person talks with the bot, how fast and how well it answers, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.core.llm import Used
from bot.core.messages import Person
from bot.db.engine import Database
from bot.db.repositories import people, statistics, usage
from bot.db.repositories.usage import EVERYBODY, Extent
from bot.services.reach import Caller, user_of

ANSWERS = 500
"""The averages are of so many last answers."""


@dataclass(frozen=True, slots=True)
class UserStatistics:
    """A person's numbers; incognito conversations are in none of them.

    `dialogues` are private conversations and sessions, `messages` all that was said in them. `relevance` is
    the average score (0 to 1) of what documents gave to the last answers, `response_seconds` how long those
    took from the question on; None where there is nothing to take an average of. `cost` is in dollars, as far
    as prices are known.
    """

    dialogues: int = 0
    active: int = 0
    messages: int = 0
    relevance: float | None = None
    response_seconds: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Everybody:
    """How many people there are, and their numbers as one person's; groups are among the dialogues.

    Tokens and cost are of every paid call, since they are money, incognito ones too.
    """

    users: int
    numbers: UserStatistics


class Statistics:
    """Reads numbers of persons."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, caller: Caller, user_id: str) -> UserStatistics:
        """A person within the caller's reach. Raises NotFound and Invalid, as `reach.user_of`."""
        return await self._db.read(lambda s: _of(s, user_of(s, caller, user_id).id))

    async def own(self, person: Person) -> UserStatistics:
        """The person's own; zeros for somebody unknown."""

        def unit(session: Session) -> UserStatistics:
            user = people.find_user(session, person)
            return UserStatistics() if user is None else _of(session, user.id)

        return await self._db.read(unit)

    async def everybody(self) -> Everybody:
        """Of all together."""
        return await self._db.read(
            lambda s: everybody(s, sum((one.used for one in usage.used_for(s, EVERYBODY)), Used()))
        )


def everybody(session: Session, spent: Used) -> Everybody:
    """The numbers of all together, with what was `spent`."""
    users = statistics.people_in(session, EVERYBODY, None)
    return Everybody(users, numbers_of(session, EVERYBODY, spent))


def numbers_of(session: Session, extent: Extent, spent: Used) -> UserStatistics:
    """The numbers of a person, or of everybody, with what was `spent` on them."""
    talked = statistics.talked(session, extent)
    answers = statistics.last_answers(session, extent, ANSWERS)
    return UserStatistics(
        talked.conversations,
        talked.active,
        talked.messages,
        _average([answer.relevance for answer in answers if answer.relevance is not None]),
        _average([answer.took.total_seconds() for answer in answers]),
        spent.prompt_tokens,
        spent.completion_tokens,
        spent.cost,
    )


def _of(session: Session, user_id: int) -> UserStatistics:
    extent = Extent(user_id=user_id)
    return numbers_of(session, extent, sum((one.used for one in usage.used_for(session, extent)), Used()))


def _average(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
