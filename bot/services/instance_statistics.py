"""Numbers of the whole instance, and of what one key of the API reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.errors import NotAllowed
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.llm import Used
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import statistics, usage
from bot.db.repositories.usage import EVERYBODY, Extent, UsedFor
from bot.memory.topics import Topic
from bot.services import topics
from bot.services.reach import Caller, bound_user_id, platform_of
from bot.services.statistics import Everybody, everybody

SUM = "usage.sum"

DAYS = 30
"""Days that are shown one by one."""

NOBODY = 0
"""No user has this id."""

_GRACE = timedelta(hours=1)
"""A day is summed so long after its end: by then every call of it stands in the ledger."""


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """What is kept, within a caller's reach; incognito and deleted conversations are in none of the numbers.

    `memories` are by what they are about. `storage_bytes` is None for all but admins. `models` tells what
    each model took, by its name.
    """

    conversations: int
    users: int
    messages: int
    memories: Mapping[str, int]
    storage_bytes: int | None
    popular_topics: Sequence[Topic]
    models: Mapping[str, Used]


@dataclass(frozen=True, slots=True)
class InstanceStatistics:
    """Everything of the instance.

    `models` and `purposes` tell what calls of each model and for each purpose took, `days` what each of the
    last days did, the oldest first.
    """

    everybody: Everybody
    memories: Mapping[str, int]
    storage_bytes: int
    popular_topics: Sequence[Topic]
    models: Mapping[str, Used]
    purposes: Mapping[str, Used]
    days: Sequence[tuple[date, Used]]


class InstanceNumbers:
    """Reads the numbers, and sums the ledger day by day, so that they cost the same after years."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def memory(self, caller: Caller) -> MemoryStatistics:
        """An admin's are of the whole instance, a bound key's of its person, another's of its application."""
        now = self._clock.now()
        return await self._db.read(lambda s: _memory(s, caller, now))

    async def whole(self, caller: Caller) -> InstanceStatistics:
        """All of it. Raises NotAllowed for anybody but an admin."""
        if not caller.admin:
            raise NotAllowed("only an admin sees the whole instance")
        now = self._clock.now()
        return await self._db.read(lambda s: _whole(s, now))

    def due(self, session: Session, now: datetime) -> list[NewJob]:
        """The day's job of summing the ledger."""
        day = (now - _GRACE).date()
        return [NewJob(SUM, "background", topics.LANE, {}, f"{SUM}:{day}")]

    async def sum_usage(self, _job: ClaimedJob) -> None:
        """Do a "usage.sum" job: sum the finished days of the ledger, each in a transaction of its own."""
        now = self._clock.now()
        while await self._db.write(lambda s: usage.sum_next(s, (now - _GRACE).date(), now)):
            pass


def _memory(session: Session, caller: Caller, now: datetime) -> MemoryStatistics:
    extent, platform = _reach(session, caller)
    talked = statistics.talked(session, extent)
    whole = extent == EVERYBODY
    alone = extent.user_id is not None
    return MemoryStatistics(
        conversations=talked.conversations,
        users=statistics.people_in(session, extent, platform),
        messages=talked.messages,
        memories=statistics.memories_in(session, extent, platform, now),
        storage_bytes=statistics.storage_bytes(session) if whole else None,
        popular_topics=[] if alone else topics.shown(session, extent.application),
        models=_by(usage.used_for(session, extent), lambda one: one.model),
    )


def _whole(session: Session, now: datetime) -> InstanceStatistics:
    used, today = usage.used_for(session, EVERYBODY), now.date()
    spent = sum((one.used for one in used), Used())
    return InstanceStatistics(
        everybody=everybody(session, spent),
        memories=statistics.memories_in(session, EVERYBODY, None, now),
        storage_bytes=statistics.storage_bytes(session),
        popular_topics=topics.shown(session, None),
        models=_by(used, lambda one: one.model),
        purposes=_by(used, lambda one: one.purpose),
        days=usage.by_day(session, today - timedelta(days=DAYS - 1), today),
    )


def _reach(session: Session, caller: Caller) -> tuple[Extent, str | None]:
    """Whose numbers a caller sees, and the platform of an application's users."""
    if caller.admin:
        return EVERYBODY, None
    if caller.user_external_id is not None:
        return Extent(user_id=bound_user_id(session, caller) or NOBODY), None
    return Extent(application=caller.application), platform_of("a", caller.application)


def _by(found: Sequence[UsedFor], name: Callable[[UsedFor], str]) -> dict[str, Used]:
    sums: dict[str, Used] = {}
    for one in found:
        sums[name(one)] = sums.get(name(one), Used()) + one.used
    return sums
