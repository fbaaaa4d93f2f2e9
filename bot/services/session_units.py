"""The units of work behind sessions, shared by the async and the blocking face.

All take who calls, and raise NotFound beyond that caller's reach.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotAllowed, NotFound
from bot.core.ids import conversation_of as number_of
from bot.core.scope import Scope
from bot.core.text import label as inert
from bot.db.models import Conversation, User
from bot.db.repositories import conversations, extraction, sessions, talk
from bot.db.repositories.conversations import Whose
from bot.db.repositories.people import as_person
from bot.db.search.pending import waiting_in
from bot.memory import recall
from bot.memory.hits import Ask, Kind
from bot.memory.indexing import index_next
from bot.memory.lexing import query_terms
from bot.services import titles
from bot.services.reach import Caller, conversation_of, user_of
from bot.services.session_values import (
    DIRECTIONS,
    MOST_MESSAGES,
    ChatSession,
    MessageType,
    NewMessage,
    SessionContext,
    SessionMessage,
    bounded,
    content_of,
    id_of,
    message_of,
    metadata_of,
    session_of,
    type_of,
)

SYSTEM_LABEL = "system note"
"""Stands before an application's own lines; people's labels have an id."""

_MESSAGES: tuple[Kind, ...] = ("message",)
_WIDE = 3
_TTL = 10 * 365 * 86_400


def create(
    session: Session, caller: Caller, user_id: str, title: str | None, metadata: object, most: int,
    now: datetime,
) -> ChatSession:  # fmt: skip
    """A new session of a person, who is made at first use; the least recently used rests beyond `most`."""
    user = user_of(session, caller, user_id, create=True, now=now)
    session.get_one(User, user.id, with_for_update=True)
    row = sessions.make(
        session, user, caller.application, str(uuid.uuid4()), now,
        title=titles.given(title), meta=metadata_of(metadata),
    )  # fmt: skip
    conversations.make_room(session, user.id, most, now, keep=row.no)
    return views(session, [row], now)[0]


def get(session: Session, caller: Caller, session_id: str, now: datetime) -> ChatSession:
    """One session."""
    return views(session, [reached(session, caller, session_id)], now)[0]


def of_user(
    session: Session, caller: Caller, user_id: str, status: str | None, offset: int, limit: int, now: datetime
) -> list[ChatSession]:
    """A person's sessions and private conversations, the last used first."""
    if status not in (None, *conversations.SHOWN):
        raise Invalid("status is active or archived", field="status")
    user = user_of(session, caller, user_id)
    return views(session, conversations.listed(session, Whose(user.id), status, limit, offset=offset), now)


def rename(session: Session, caller: Caller, session_id: str, title: str, now: datetime) -> ChatSession:
    """Give a title; an empty one leaves it to the first words."""
    row = held(session, caller, session_id)
    row.title, row.updated_at = titles.given(title), now
    session.flush()
    return views(session, [row], now)[0]


def deactivate(session: Session, caller: Caller, session_id: str, now: datetime) -> ChatSession:
    """Archive a session; its next message makes it active again."""
    row = held(session, caller, session_id)
    if row.status == "active":
        talk.archive(session, row, now, cleared=False)
    return views(session, [row], now)[0]


def delete(session: Session, caller: Caller, session_id: str, now: datetime) -> None:
    """Hide a session at once; its rows go after the days of grace."""
    conversations.hide(session, held(session, caller, session_id), now)


def add_message(
    session: Session, caller: Caller, session_id: str, new: NewMessage, tokens: int, most: int, now: datetime
) -> SessionMessage:
    """Store a message without an answer; an archived session is active again."""
    kind, content = type_of(new.message_type), content_of(new.content)
    row = held(session, caller, session_id)
    if row.user_id is None or not sessions.is_session(session, row):
        raise NotFound("not a session of an application")
    user = session.get_one(User, row.user_id)
    if row.status == "archived":
        conversations.reopen(session, row, now)
        conversations.make_room(session, user.id, most, now, keep=row.no)
    message = talk.append(
        session,
        row.no,
        talk.NewMessage(
            direction=DIRECTIONS[kind],
            content=content,
            label=label_of(kind, user),
            sent_at=now,
            sender_id=user.id if kind is MessageType.USER else None,
            token_count=tokens,
            reply_to=_answered(session, row, new.response_to, now),
            meta=metadata_of(new.metadata),
        ),
    )
    if new.ttl_seconds is not None:
        seconds = bounded(new.ttl_seconds, _TTL, "ttl_seconds")
        message.expires_at = now + timedelta(seconds=seconds)
        session.flush()
    if kind is MessageType.USER:
        extraction.note_said(session, message, row, user.id)
    return message_of(message, row.id)


def messages(
    session: Session, caller: Caller, session_id: str, limit: int, before: str | None, now: datetime
) -> list[SessionMessage]:
    """The last messages (before one), oldest first."""
    bounded(limit, MOST_MESSAGES, "limit")
    row = reached(session, caller, session_id)
    until = None if before is None else id_of(before, "before")
    return [message_of(m, row.id) for m in sessions.messages(session, row.no, now, limit, until)]


def context(session: Session, caller: Caller, session_id: str, limit: int, now: datetime) -> SessionContext:
    """The running summary and the last messages."""
    bounded(limit, MOST_MESSAGES, "message_limit")
    row = reached(session, caller, session_id)
    last = sessions.messages(session, row.no, now, limit)
    return SessionContext(row.id, row.context_summary, tuple(message_of(m, row.id) for m in last))


def waits(session: Session, caller: Caller, session_id: str) -> bool:
    """Whether something of a session has to be indexed before a search sees it."""
    return bool(waiting_in(session, [reached(session, caller, session_id).chat_id]))


def index(session: Session, caller: Caller, session_id: str) -> None:
    """Index what waits of a session."""
    for waiting in waiting_in(session, [reached(session, caller, session_id).chat_id]):
        while index_next(session, waiting):
            pass


def search(
    session: Session, caller: Caller, session_id: str, query: object, limit: int, now: datetime
) -> list[SessionMessage]:
    """The messages of a session that hold words of the query, the best first."""
    bounded(limit, MOST_MESSAGES, "limit")
    if not isinstance(query, str) or not query.strip():
        raise Invalid("query is empty", field="query")
    row = reached(session, caller, session_id)
    scope = Scope(row.user_id, row.chat_id, private=row.user_id is not None)
    ask = Ask(
        query, now, ZoneInfo("UTC"), limit=limit * _WIDE, kinds=_MESSAGES, chats=[row.chat_id], cleared=True
    )
    wanted = set(query_terms(query))
    hits = [
        hit
        for hit in recall.find(session, scope, ask)
        if number_of(hit.id) == row.no and wanted & set(query_terms(hit.text))
    ][:limit]
    rows = sessions.by_ids(session, [hit.id for hit in hits], now)
    return [message_of(rows[hit.id], row.id, hit.score) for hit in hits if hit.id in rows]


def statistics(session: Session, caller: Caller) -> dict[str, int]:
    """How many sessions and messages there are: an admin's all, another caller's application's."""
    found = sessions.counted(session, None if caller.admin else caller.application)
    return {
        "total_sessions": found.sessions,
        "active_sessions": found.active,
        "total_messages": found.messages,
        "cache_size": 0,  # rows are read anew each time: other processes write beside this one
    }


def clean(session: Session, caller: Caller, days: int, now: datetime, limit: int = 100) -> int:
    """Delete some of the sessions without activity for so many days; how many, `limit` at most.

    Raises NotAllowed for anybody but an admin.
    """
    bounded(days, 36_500, "days")
    if not caller.admin:
        raise NotAllowed("only an admin cleans up")
    found = sessions.idle(session, now, days, limit)
    for no in found:
        row = conversations.locked(session, no)
        if row is not None:
            conversations.hide(session, row, now)
    return len(found)


def reached(session: Session, caller: Caller, session_id: str) -> Conversation:
    """The row of a session within reach; incognito ones never are."""
    row = conversation_of(session, caller, session_id)
    if row.incognito:
        raise NotFound("an incognito conversation")
    return row


def held(session: Session, caller: Caller, session_id: str) -> Conversation:
    """The same, as it is now and kept so until the commit."""
    row = conversations.locked(session, reached(session, caller, session_id).no)
    if row is None or row.status not in conversations.SHOWN:
        raise NotFound("the session is gone")
    return row


def _answered(session: Session, row: Conversation, response_to: str | None, now: datetime) -> int | None:
    if response_to is None:
        return None
    target = sessions.message_in(session, row.no, id_of(response_to, "response_to"), now)
    if target is None:
        raise Invalid("response_to is no message of this session", field="response_to")
    return target.id


def label_of(kind: MessageType, user: User) -> str:
    """What stands before a message in a prompt and in what is found."""
    if kind is MessageType.SYSTEM:
        return SYSTEM_LABEL
    if kind is MessageType.AI:
        return "assistant"
    return f"{inert(as_person(user).full_name)} (id:{inert(user.external_id)})"


def views(session: Session, rows: Sequence[Conversation], now: datetime) -> list[ChatSession]:
    """Rows as applications see them."""
    named, people = titles.titles_of(session, rows, now), sessions.users_of(session, rows)
    return [session_of(row, people.get(row.user_id or 0, ""), named[row.no]) for row in rows]
