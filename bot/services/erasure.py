"""Forgetting a person: the one way for every face, from the tombstone to the receipt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.messages import Person
from bot.core.ports import Clock
from bot.db import models
from bot.db.engine import Database
from bot.db.models import User
from bot.db.repositories import erasure, jobs, people
from bot.db.repositories.erasure import Belongings
from bot.db.repositories.holders import batched
from bot.db.scrub import scrub
from bot.services import tombstones
from bot.services.reach import Caller, user_of
from bot.services.tombstones import HoldingBackup, Tombstone

log = logging.getLogger(__name__)

JOB = "erasure.scrub"
_SCRUB_AFTER = timedelta(seconds=3)
"""The job that handles the wish itself has to end first: its payload names the person."""

KINDS = (
    "messages", "replies", "facts", "states", "bookings", "documents", "conversations", "summaries", "keys",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed, by kind (see `KINDS`), and the backups that still hold it until they end."""

    erased_at: datetime
    removed: Mapping[str, int]
    backups: Sequence[HoldingBackup] = ()

    @property
    def last_backup_ends(self) -> datetime | None:
        """When nothing holds the person any more."""
        return max((backup.ends for backup in self.backups), default=None)

    def as_row(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "erased_at": _iso(self.erased_at),
            "removed": {kind: self.removed.get(kind, 0) for kind in KINDS},
            "backups": [{"name": b.name, "ends": _iso(b.ends)} for b in self.backups],
            "last_backup_ends": _iso(self.last_backup_ends) if self.backups else None,
        }


class Erasure:
    """Erases people. `folder` holds the backups, which end after `backup_days`."""

    def __init__(self, database: Database, clock: Clock, folder: Path, backup_days: int) -> None:
        self._db = database
        self._clock = clock
        self._folder = folder
        self._days = backup_days

    async def erase(self, person: Person) -> Receipt:
        """Remove everything of a person but what others said; interrupted and called again, it goes on.

        Of somebody who was erased already it gives that receipt again. Raises NotFound for strangers.
        """
        whose = await self._db.read(lambda s: _belongings(s, person))
        if whose is None:
            return await self._earlier(person)
        return await self._erase(whose)

    async def erase_named(self, caller: Caller, user_id: str) -> Receipt:
        """The same for somebody whom a caller names. Raises NotFound beyond the caller's reach."""
        person = await self._db.read(lambda s: people.as_person(user_of(s, caller, user_id)))
        return await self.erase(person)

    async def remove(self, person: Person) -> Mapping[str, int]:
        """Remove somebody who was made up: the same, without tombstone and receipt. Returns what, by kind."""
        whose = await self._db.read(lambda s: _belongings(s, person))
        if whose is None:
            return {}
        now = self._clock.now()
        await self._erase_talk(whose, now)
        return await self._db.write(lambda s: _erase_rest(s, whose, now))

    async def scrub(self) -> bool:
        """Leave no trace in the files; False when somebody read them for too long."""
        return await scrub(self._db)

    async def scrub_job(self, job: ClaimedJob) -> None:
        """Do an "erasure.scrub" job."""
        if not await self.scrub():
            raise TimeoutError("the log could not be emptied: somebody reads the database")

    async def replay(self) -> int:
        """Erase again who was erased before, from a backup that was restored; how many there were.

        Whoever came back after their erasure stays.
        """
        stones = await asyncio.to_thread(tombstones.found, self._folder)
        if not stones:
            return 0
        everybody = await self._db.read(_everybody)
        returned = await asyncio.to_thread(_returned, stones, everybody)
        for person, stone in returned:
            whose = await self._db.read(lambda s, person=person: _belongings(s, person))  # type: ignore[misc]
            if whose is not None:
                await self._erase(whose, stone)
        if returned:
            await self.scrub()
        return len(returned)

    async def _erase(self, whose: Belongings, stone: Tombstone | None = None) -> Receipt:
        """`stone` is one that is replayed. Its time stays: a later one would hit who came back since."""
        now = self._clock.now()
        if stone is None:
            # First: a backup that is made from here on may hold them still.
            stone = await asyncio.to_thread(
                tombstones.lay, self._folder, whose.platform, whose.external_id, now
            )
        await self._erase_talk(whose, now)
        backups = await asyncio.to_thread(tombstones.holding, self._folder, self._days)
        laid = stone
        receipt = await self._db.write(lambda s: _end(s, whose, laid, backups, now))
        log.info("somebody was erased: %s", dict(receipt.removed))
        return receipt

    async def _erase_talk(self, whose: Belongings, now: datetime) -> None:
        await self._db.write(lambda s: erasure.stop(s, whose, now))
        for ids in batched(whose.messages, erasure.BATCH):
            await self._db.write(lambda s, ids=ids: erasure.erase_messages(s, ids))  # type: ignore[misc]
        for ids in batched(whose.quoting, erasure.BATCH):
            await self._db.write(lambda s, ids=ids: erasure.unquote(s, ids))  # type: ignore[misc]

    async def _earlier(self, person: Person) -> Receipt:
        stones = await asyncio.to_thread(tombstones.found, self._folder)
        names = tombstones.hashes(stones, person.platform, person.external_id)
        row = await self._db.read(lambda s: erasure.last(s, names))
        if row is None:
            raise NotFound("nothing is known of this person")
        said = row.receipt
        backups = [HoldingBackup(b["name"], datetime.fromisoformat(b["ends"])) for b in said["backups"]]
        return Receipt(row.created_at, said["removed"], backups)


def _belongings(session: Session, person: Person) -> Belongings | None:
    user = people.find_user(session, person)
    return None if user is None else erasure.belongings(session, user)


def _end(
    session: Session, whose: Belongings, stone: Tombstone, backups: Sequence[HoldingBackup], now: datetime
) -> Receipt:
    removed = _erase_rest(session, whose, now)
    receipt = Receipt(stone.erased_at, removed, backups)
    erasure.note(session, stone.person, receipt.as_row() | {"salt": stone.salt}, stone.erased_at)
    jobs.enqueue(session, [_scrub_job(now)], now)
    return receipt


def _erase_rest(session: Session, whose: Belongings, now: datetime) -> dict[str, int]:
    # Once more: something may have been said while the rest was being removed.
    user = session.get(User, whose.user_id)
    if user is not None:
        whose_now = erasure.belongings(session, user)
        for ids in batched(whose_now.messages, erasure.BATCH):
            erasure.erase_messages(session, ids)
        erasure.unquote(session, whose_now.quoting)
        removed = erasure.erase_rest(session, whose_now, now)
    else:
        removed = erasure.erase_rest(session, whose, now)
    removed["replies"] = whose.replies
    removed["messages"] = len(whose.messages) - whose.replies
    return dict(removed)


def _scrub_job(now: datetime) -> NewJob:
    return NewJob(JOB, "background", JOB, {}, f"{JOB}:{now.timestamp():.3f}", now + _SCRUB_AFTER)


def _everybody(session: Session) -> list[tuple[Person, datetime]]:
    return [(people.as_person(user), user.created_at) for user in session.scalars(select(User))]


def _returned(
    stones: Sequence[Tombstone], everybody: Sequence[tuple[Person, datetime]]
) -> list[tuple[Person, Tombstone]]:
    by_salt: dict[str, dict[str, Tombstone]] = {}
    for stone in stones:
        by_salt.setdefault(stone.salt, {})[stone.person] = stone
    found = []
    for person, since in everybody:
        for salt, marks in by_salt.items():
            laid = marks.get(tombstones.hashed(person.platform, person.external_id, salt))
            if laid is not None and since <= laid.erased_at:
                found.append((person, laid))
                break
    return found


def noted(session: Session) -> list[Tombstone]:
    """The tombstones that the database keeps itself: with several replicas the folders differ."""
    rows = session.scalars(select(models.Erasure))
    return [
        Tombstone(row.person, row.receipt["salt"], row.created_at) for row in rows if row.receipt.get("salt")
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
