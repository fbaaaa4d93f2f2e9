"""What popular topics are counted from, and the counted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.db.models import Conversation, Message, Meta, User
from bot.db.repositories.conversations import SHOWN
from bot.db.repositories.people import CHAT_PERSON
from bot.db.upsert import insert_new

_KEY = "topics"
_MADE, _ERASED = "made_at", "erased"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation in which something was said, and whose application's it is."""

    no: int
    application: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the messages of a conversation: who said what; `earlier` ones stand before this id."""

    said: Sequence[tuple[int, str]]
    earlier: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The counted topics by application ("": everybody's), each a word and its messages.

    `made_at` is None where they have to be counted anew; `erased` tells how many people were erased so far.
    """

    made_at: datetime | None = None
    messages: int = 0
    erased: int = 0
    topics: dict[str, list[tuple[str, int]]] | None = None


def talks_since(session: Session, since: datetime, below: int | None, limit: int) -> Sequence[Talk]:
    """Conversations in which something was said since a time, the latest first; hidden ones never."""
    older = [] if below is None else [Conversation.no < below]
    rows = session.execute(
        select(Conversation.no, Conversation.application)
        .where(*older, Conversation.last_message_at >= since)
        .where(Conversation.status.in_(SHOWN), Conversation.incognito.is_(False))
        .order_by(Conversation.no.desc())
        .limit(limit)
    )
    return [Talk(row.no, row.application) for row in rows]


def said_in(
    session: Session, no: int, since: datetime, before: int | None, now: datetime, limit: int
) -> Part:
    """What people themselves said in a conversation since a time, the latest first, before an id."""
    first, last = conversation_range(no)
    rows = session.execute(
        select(
            Message.id, Message.sender_id, Message.direction, Message.content, Message.sent_at,
            or_(Message.forwarded_from.is_not(None), Message.expires_at <= now).label("other"),
        )
        .where(Message.id.between(first, last if before is None else before - 1))
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    said = [
        (row.sender_id, row.content)
        for row in rows
        if row.sender_id is not None
        and row.direction == "incoming"
        and not row.other
        and row.sent_at >= since
    ]
    # Imported messages may stand out of order: only a whole part of old ones is an end.
    ends = len(rows) < limit or all(row.sent_at < since for row in rows)
    return Part(said, None if ends else rows[-1].id)


def stand_ins(session: Session) -> set[int]:
    """Senders that stand for chats and are no people."""
    chats = User.platform == "tg", User.external_id.startswith(CHAT_PERSON)
    return set(session.scalars(select(User.id).where(*chats)))


def kept(session: Session) -> Kept:
    """The counted topics."""
    row = session.get(Meta, _KEY)
    return Kept() if row is None else _kept(row.value)


def keep(session: Session, new: Kept, now: datetime) -> bool:
    """Store counted topics; False where somebody was erased while they were being counted."""
    row = _locked(session, now)
    if row.value.get(_ERASED, 0) != new.erased:
        return False
    made = None if new.made_at is None else new.made_at.isoformat()
    row.value = {_MADE: made, _ERASED: new.erased, "messages": new.messages, "topics": new.topics or {}}
    row.updated_at = now
    return True


def forget(session: Session, now: datetime) -> None:
    """Show none until they are counted anew: somebody was erased, and may have been one of the few."""
    row = _locked(session, now)
    row.value, row.updated_at = {_ERASED: row.value.get(_ERASED, 0) + 1}, now


def _locked(session: Session, now: datetime) -> Meta:
    insert_new(session, Meta, [{"key": _KEY, "value": {}, "updated_at": now}], ["key"])
    return session.get_one(Meta, _KEY, with_for_update=True, populate_existing=True)


def _kept(value: dict[str, Any]) -> Kept:
    made = value.get(_MADE)
    topics = {
        application: [(word, count) for word, count in found]
        for application, found in value.get("topics", {}).items()
    }
    return Kept(
        None if made is None else datetime.fromisoformat(made),
        value.get("messages", 0), value.get(_ERASED, 0), topics,
    )  # fmt: skip
