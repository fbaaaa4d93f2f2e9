"""What is let go with time: deleted conversations after their grace, old messages, messages with a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob, NewJob
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import conversations, ledger, purging, running_summaries, summaries
from bot.memory import correcting

PURGE, SWEEP, EXPIRE = "conversation.purge", "retention.sweep", "messages.expire"

_LANE = "retention"
_AT_A_LOOK = 200


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long things are kept: days of grace for what was deleted, days until `action` for messages."""

    grace_days: int = 30
    message_days: int = 365
    action: Literal["archive", "delete"] = "archive"


class Retention:
    """Does the jobs of letting go, in short transactions; cut off, each goes on where it was."""

    def __init__(self, database: Database, clock: Clock, keeping: Keeping) -> None:
        self._db = database
        self._clock = clock
        self._keeping = keeping

    def due_purges(self, session: Session, now: datetime) -> list[NewJob]:
        """The jobs for conversations whose grace has ended, each behind the last answer of its lane."""
        found = purging.deleted_before(session, now - self._grace, _AT_A_LOOK)
        return [
            NewJob(PURGE, "background", f"turn:{no}", {"conversation_no": no}, f"purge:{no}:{now:%Y-%m-%d}")
            for no in found
        ]

    def due_expiry(self, session: Session, now: datetime) -> list[NewJob]:
        """The hour's job for messages whose time is over, if there are any."""
        if not purging.expired(session, now):
            return []
        return [NewJob(EXPIRE, "background", _LANE, {}, f"expire:{now:%Y-%m-%dT%H}")]

    def due_sweep(self, session: Session, now: datetime) -> list[NewJob]:
        """The day's job for old messages."""
        return [NewJob(SWEEP, "background", _LANE, {}, f"sweep:{now:%Y-%m-%d}")]

    async def unsee(self, job: ClaimedJob) -> None:
        """Do a "conversation.unsee" job: prompts in which a deleted conversation stands are let go."""
        no, after = int(job.payload["conversation_no"]), 0

        def unit(session: Session) -> int:
            row = conversations.locked(session, no)
            ids = purging.messages_of(session, no, after) if row is not None else []
            if row is None or row.status != "deleted" or not ids:
                return 0
            ledger.forget_prompts_holding(session, message_ids=ids)
            return ids[-1]

        while reached := await self._db.write(unit):
            after = reached

    async def purge(self, job: ClaimedJob) -> None:
        """Do a "conversation.purge" job: nothing is left of the conversation.

        Facts concluded from it alone go with it, those that were told stay without their quotes.
        """
        no = int(job.payload["conversation_no"])
        while await self._db.write(lambda s: self._purge_some(s, no)):
            pass

    async def expire(self, job: ClaimedJob) -> None:
        """Do a "messages.expire" job: messages whose time is over are gone with what came of them."""
        now = self._clock.now()

        def unit(session: Session) -> bool:
            ids = purging.expired(session, now)
            if ids:
                remove_messages(session, ids, now)
            return bool(ids)

        while await self._db.write(unit):
            pass

    async def sweep(self, job: ClaimedJob) -> None:
        """Do a "retention.sweep" job: what is too old leaves window, recall and summaries, or is deleted."""
        after, cutoff = 0, self._cutoff

        def look(session: Session) -> Sequence[tuple[int, bool]]:
            return purging.holding_old(session, self._cutoff, after, _AT_A_LOOK)

        while found := await self._db.read(look):
            for no in [no for no, old in found if old]:
                await self._sweep_one(no)
            after = found[-1][0]
        await self._db.write(lambda s: summaries.forget_older(s, cutoff))

    async def _sweep_one(self, no: int) -> None:
        cutoff, now = self._cutoff, self._clock.now()
        step = _delete_old if self._keeping.action == "delete" else _archive_old
        while await self._db.write(lambda s: step(s, no, cutoff, now)):
            pass

    @property
    def _grace(self) -> timedelta:
        return timedelta(days=self._keeping.grace_days)

    @property
    def _cutoff(self) -> datetime:
        return self._clock.now() - timedelta(days=self._keeping.message_days)

    def _purge_some(self, session: Session, no: int) -> bool:
        now = self._clock.now()
        row = conversations.locked(session, no)
        if row is None or row.status != "deleted" or row.deleted_at is None:
            return False
        if row.deleted_at > now - self._grace:
            return False
        ids = purging.messages_of(session, no)
        if ids:
            remove_messages(session, ids, now)
            return True
        purging.drop_conversation(session, row)
        return False


def remove_messages(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Delete messages for good, with everything that was made of them alone: prompts, inferred facts, turns.

    At most `purging.BATCH` of them in one unit of work.
    """
    ledger.forget_prompts_holding(session, message_ids=ids)
    for memory in correcting.sources_gone(session, ids, now):
        memory.deleted_at = memory.deleted_at or now
    session.flush()
    purging.drop_messages(session, ids)


def _archive_old(session: Session, no: int, cutoff: datetime, now: datetime) -> bool:
    row = conversations.locked(session, no)
    ids = purging.old_messages(session, row, cutoff) if row is not None else []
    if row is not None and ids:
        purging.put_aside(session, row, ids)
    return bool(ids)


def _delete_old(session: Session, no: int, cutoff: datetime, now: datetime) -> bool:
    row = conversations.locked(session, no)
    if row is None:
        return False
    ids = purging.old_messages(session, row, cutoff)
    if ids:
        remove_messages(session, ids, now)
        # The conversation's own summary told of them: it is made again of what is left.
        running_summaries.forget(session, no)
    elif row.status == "archived" and purging.is_empty(session, no):
        purging.drop_conversation(session, row)
    return bool(ids)
