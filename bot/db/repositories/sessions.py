"""Sessions of applications: their rows, their messages, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range, message_id
from bot.core.messages import ChatRef
from bot.db.clean import storable
from bot.db.models import Chat, Conversation, Message, User
from bot.db.repositories import conversations, people, talk

PLATFORM = "api"

_ROWS = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """How many sessions there are, how many of them are active, and their messages."""

    sessions: int
    active: int
    messages: int


def make(
    session: Session, user: User, application: str, session_id: str, now: datetime, **more: Any
) -> Conversation:
    """A session in a chat of its own, whose external id is the session's id."""
    ref = ChatRef(session_id, "api", platform=PLATFORM)
    chat = people.upsert_chat(session, ref, now)
    session.flush()
    values: dict[str, Any] = {"status": "active", "created_at": now, "updated_at": now, **more}
    row = Conversation(
        id=session_id, scope_key=talk.scope_key(ref, user), chat_id=chat.id, user_id=user.id,
        application=application, **values,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def users_of(session: Session, rows: Sequence[Conversation]) -> dict[int, str]:
    """The external ids of the people of conversations."""
    ids = {row.user_id for row in rows}
    found = session.execute(select(User.id, User.external_id).where(User.id.in_(ids)))
    return {row.id: row.external_id for row in found}


def is_session(session: Session, row: Conversation) -> bool:
    """Whether a conversation is an application's session, and no Telegram one."""
    return session.scalar(select(Chat.type).where(Chat.id == row.chat_id)) == "api"


def messages(
    session: Session, no: int, now: datetime, limit: int | None, before: int | None = None
) -> list[Message]:
    """The last messages that may be shown (before an id), oldest first; all without a limit."""
    first, last = conversation_range(no)
    query = (
        select(Message)
        .where(Message.id.between(first, last if before is None else min(last, before - 1)))
        .where(_alive(now))
        .order_by(Message.id.desc())
    )
    rows = session.scalars(query if limit is None else query.limit(limit)).all()
    return list(rows)[::-1]


def message_in(session: Session, no: int, id_: int, now: datetime) -> Message | None:
    """A message of a conversation that may be shown."""
    first, last = conversation_range(no)
    return session.scalar(
        select(Message).where(Message.id == id_, Message.id.between(first, last), _alive(now))
    )


def by_ids(session: Session, ids: Sequence[int], now: datetime) -> dict[int, Message]:
    """Messages that may be shown, by their ids."""
    rows = session.scalars(select(Message).where(Message.id.in_(ids), _alive(now)))
    return {row.id: row for row in rows}


def imported(session: Session, user_id: int, digest: str) -> Conversation | None:
    """The session that an export was imported into before."""
    return session.scalar(
        select(Conversation)
        .where(Conversation.source_id == digest, Conversation.user_id == user_id)
        .where(Conversation.status != "deleted")
        .order_by(Conversation.no)
        .limit(1)
    )


def fill(session: Session, row: Conversation, lines: Sequence[dict[str, Any]]) -> None:
    """Put messages into an empty session at once; `reply_to` counts them from 1, as their order does."""
    rows = [
        line
        | {"id": message_id(row.no, seq), "content": storable(line["content"])}
        | {"reply_to": message_id(row.no, line["reply_to"]) if line.get("reply_to") else None}
        for seq, line in enumerate(lines, start=1)
    ]
    for start in range(0, len(rows), _ROWS):
        session.execute(insert(Message), rows[start : start + _ROWS])
    row.next_seq, row.message_count = len(rows) + 1, len(rows)
    session.flush()


def counted(session: Session, application: str | None) -> Counted:
    """The numbers of one application's sessions, or of all, from the counters of their rows."""
    mine = Conversation.application == application if application else Conversation.application.is_not(None)
    active = func.count().filter(Conversation.status == "active")
    row = session.execute(
        select(func.count(), active, func.coalesce(func.sum(Conversation.message_count), 0)).where(
            mine, Conversation.status.in_(conversations.SHOWN)
        )
    ).one()
    return Counted(row[0], int(row[1]), int(row[2]))


def idle(session: Session, now: datetime, days: int, limit: int) -> Sequence[int]:
    """Sessions in which nothing was said for so many days; never Telegram's conversations."""
    return session.scalars(
        select(Conversation.no)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Chat.type == "api", Conversation.status.in_(conversations.SHOWN))
        .where(conversations.last_use < now - timedelta(days=days), Conversation.application.is_not(None))
        .order_by(Conversation.no)
        .limit(limit)
    ).all()


def _alive(now: datetime) -> ColumnElement[bool]:
    return or_(Message.expires_at.is_(None), Message.expires_at > now)
