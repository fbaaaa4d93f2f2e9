"""Incognito: a conversation of its own in a private chat, of which nothing outlives its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob, NewJob
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Conversation, Turn
from bot.db.repositories import incognito, jobs, people, talk, turns

HOURS = 24
"""Without a message for so long, what was said is erased; the conversation stays incognito."""

JOB = "incognito.erase"

_BEFORE, _BY = "before", "incognito_by"
"""Notes with a conversation: which one goes on afterwards, and the command that began or ended it."""


class Incognito:
    """Begins and ends incognito conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def toggle(self, chat: ChatRef, asker: Person, key: str) -> Literal["begun", "ended"]:
        """Begin, or end it and go on with the conversation before it.

        `key` names the command: handled again, it changes nothing and tells the same.
        """
        now = self._clock.now()

        def unit(session: Session) -> Literal["begun", "ended"]:
            row = people.upsert_chat(session, chat, now)
            user = people.upsert_user(session, asker, now)
            session.flush()
            active = _locked(session, talk.scope_key(chat, user))
            if active is not None and talk.note_of(active, _BY) == key:
                return "begun" if active.incognito else "ended"
            if active is not None and active.incognito:
                end(session, active, now)
                _reopen(session, active)
                _note(session, talk.active_conversation(session, row, chat, user, now), {_BY: key})
                return "ended"
            if active is not None:
                talk.archive(session, active, now, cleared=False)
            new = talk.active_conversation(session, row, chat, user, now)
            new.incognito = True
            _note(session, new, {_BY: key, _BEFORE: active.no if active is not None else None})
            return "begun"

        return await self._db.write(unit)

    async def erase(self, job: ClaimedJob) -> None:
        """Do an "incognito.erase" job: it stands behind the last answer of its conversation's lane."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            conversation = incognito.locked(session, job.payload["conversation_no"])
            if conversation is not None and (conversation.status != incognito.ACTIVE or _rests(conversation)):
                incognito.erase(session, conversation)

        def _rests(conversation: Conversation) -> bool:
            last = conversation.last_message_at
            return last is not None and last < now - timedelta(hours=HOURS)

        await self._db.write(unit)


def end(session: Session, conversation: Conversation, now: datetime) -> None:
    """Close an incognito conversation at once; what was said in it is erased behind its last answer."""
    conversation.status, conversation.deleted_at, conversation.updated_at = "deleted", now, now
    session.flush()  # before another one becomes active in its place
    owed = select(Turn.id).where(Turn.conversation_no == conversation.no, Turn.status.in_(turns.OPEN))
    turns.request_stop(session, list(session.scalars(owed)))
    jobs.enqueue(session, [erase_job(conversation)], now)


def goes_on(session: Session, old: Conversation, new: Conversation, now: datetime) -> None:
    """A new conversation takes the place of an incognito one: it is incognito too, and the old one ends."""
    old.status, old.deleted_at = "deleted", now
    new.incognito = True
    _note(session, new, {_BEFORE: talk.note_of(old, _BEFORE)})
    jobs.enqueue(session, [erase_job(old)], now)


def due_erasures(session: Session, now: datetime) -> list[NewJob]:
    """What nobody has erased yet: conversations that ended in some other way, and those at rest."""
    return [
        erase_job(conversation) for conversation in incognito.to_erase(session, now - timedelta(hours=HOURS))
    ]


def erase_job(conversation: Conversation) -> NewJob:
    """The erasing job of a conversation as far as it has come, in its lane.

    It is done at once, not behind calls of a model: its person was told that it is done.
    """
    no = conversation.no
    key = f"incognito:{no}:{conversation.next_seq}:{conversation.status}"
    return NewJob(JOB, "receive", f"turn:{no}", {"conversation_no": no}, key)


def _locked(session: Session, key: str) -> Conversation | None:
    active = talk.find_active(session, key)
    if active is not None:
        session.refresh(active, with_for_update=True)
    return active


def _reopen(session: Session, ended: Conversation) -> None:
    number = talk.note_of(ended, _BEFORE)
    before = session.get(Conversation, number) if number is not None else None
    if before is not None and before.status == "archived" and before.scope_key == ended.scope_key:
        before.status, before.archived_at = "active", None
        session.flush()


def _note(session: Session, conversation: Conversation, what: dict[str, object]) -> None:
    for name, value in what.items():
        talk.keep_note(conversation, name, value)
    session.flush()
