"""Questions that a terminal left behind when it was cut off: found, closed and told, never answered later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.messages import Person, Reply
from bot.core.ports import Clock
from bot.core.text import one_line
from bot.db.engine import Database
from bot.db.models import Message, Turn
from bot.db.repositories import jobs, people, turns
from bot.db.repositories.jobs import Unclaimed
from bot.turns.answer import stored_reply
from bot.turns.settling import told_by_code

QUIET_SECONDS = 10.0
"""Seconds after which a waiting job of a terminal is nobody's: a living one claims it within one."""

_QUOTE = 80
_AT_A_LOOK = 100


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A question that was not answered where it was asked; `reply` is empty where there was no answer yet."""

    question: str
    asked_at: datetime
    reply: Reply

    @property
    def answered(self) -> bool:
        """Whether there is something to show."""
        return bool(self.reply.text.strip() or self.reply.notices or self.reply.error_key)


class LeftOvers:
    """Closes what terminals left behind."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def take(self, person: Person, channel: str) -> list[LeftOver]:
        """A person's, oldest first, but for those of the `channel` that asks; each is taken once."""
        now = self._clock.now()

        def look(session: Session) -> bool:
            return bool(jobs.left_by_terminals(session, now, _quiet(now), 1, but=channel, lock=False))

        def unit(session: Session) -> list[LeftOver]:
            user = people.find_user(session, person)
            found = jobs.left_by_terminals(session, now, _quiet(now), _AT_A_LOOK, but=channel)
            mine = [job for job in found if user is not None and _asker(session, job) == user.id]
            return [left for job in mine if (left := _close(session, job, now)) is not None]

        # Mostly there is nothing: a look disturbs nobody, a unit that may write takes its turn.
        return await self._db.write(unit) if await self._db.read(look) else []


def forget_left_overs(session: Session, now: datetime, before: datetime) -> int:
    """Close what nobody came back for since `before`; returns how many there were."""
    found = jobs.left_by_terminals(session, before, before, _AT_A_LOOK)
    for job in found:
        _close(session, job, now)
    return len(found)


def _quiet(now: datetime) -> datetime:
    return now - timedelta(seconds=QUIET_SECONDS)


def _asker(session: Session, job: Unclaimed) -> int | None:
    turn = session.get(Turn, job.payload.get("turn_id"))
    return None if turn is None else turn.user_id


def _close(session: Session, job: Unclaimed, now: datetime) -> LeftOver | None:
    jobs.finish(session, job.id, now)
    turn = session.get(Turn, job.payload.get("turn_id"), with_for_update=True)
    if turn is None or turn.status in ("delivered", "undeliverable"):
        return None
    answered = turn.status not in turns.OPEN
    if not answered:
        told = told_by_code(session, turn.id)
        turns.settle(session, turn.id, status="stopped", now=now, notices=told)
    reply = stored_reply(session, turn.id)
    if reply is None:
        return None
    turn.status = "delivered" if answered else "undeliverable"
    message = session.get(Message, turn.message_id)
    return LeftOver(one_line(message.content if message else "", _QUOTE), turn.created_at, reply)
