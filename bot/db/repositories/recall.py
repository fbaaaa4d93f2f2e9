"""What a search may look at: the places that an asker can see, and the rows behind what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.core.scope import Scope
from bot.db.models import Chat, ChatMember, Conversation, Memory, Message, Summary, User
from bot.db.repositories import memories
from bot.db.search import postgres, sqlite
from bot.db.upsert import is_postgres

MOST_NAMES = 500
"""Members of the chats whose names are looked for in a question."""

_MOST_TALKS = 50
"""Conversations that are looked through for a time, the latest ones."""

_GROUPS = ("group", "supergroup")
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Places:
    """Chats that may be searched, without the conversations numbered in `hidden`."""

    chat_ids: tuple[int, ...] = ()
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """A message as search sees it; `held` are its terms as the index packs them."""

    id: int
    sender_id: int | None
    label: str
    outgoing: bool
    sent_at: datetime
    length: int
    text: str
    importance: float | None = None
    held: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """The conversation of a message: its id, and the chat's title where it has one."""

    conversation_id: str
    chat_id: int
    title: str | None


def places(
    session: Session,
    scope: Scope,
    chats: Collection[int] | None = None,
    *,
    cleared: bool = False,
    topic: int | None = None,
) -> Places:
    """What the asker may see from where they ask; `chats` and `topic` narrow it, `cleared` opens more.

    In a group that group alone; in private the asker's own conversations and the groups that they are in now.
    """
    chat_ids = _visible_chats(session, scope)
    if chats is not None:
        chat_ids = [chat_id for chat_id in chat_ids if chat_id in chats]
    if not chat_ids:
        return Places()
    closed = [Conversation.status == "deleted", Conversation.deleted_at.is_not(None), Conversation.incognito]
    if not cleared:
        closed.append(Conversation.cleared_at.is_not(None))
    if topic is not None:
        closed.append(func.coalesce(Conversation.topic_id, 0) != topic)
    foreign = and_(Conversation.user_id.is_not(None), Conversation.user_id != (scope.user_id or -1))
    hidden = session.scalars(
        select(Conversation.no).where(Conversation.chat_id.in_(chat_ids), or_(*closed, foreign))
    )
    return Places(tuple(chat_ids), frozenset(hidden))


def _visible_chats(session: Session, scope: Scope) -> list[int]:
    if not scope.private:
        return [] if scope.chat_id is None else [scope.chat_id]
    if scope.user_id is None:
        return []
    own = select(Conversation.chat_id).where(Conversation.user_id == scope.user_id)
    groups = (
        select(ChatMember.chat_id)
        .join(Chat, Chat.id == ChatMember.chat_id)
        .where(ChatMember.user_id == scope.user_id, ChatMember.left_at.is_(None), Chat.type.in_(_GROUPS))
    )
    return sorted(session.scalars(own.union(groups)))


def speakers(session: Session, chat_ids: Sequence[int]) -> list[str]:
    """First names of people seen in these chats."""
    rows = session.scalars(
        select(User.first_name)
        .join(ChatMember, ChatMember.user_id == User.id)
        .where(ChatMember.chat_id.in_(chat_ids), User.first_name != "")
        .distinct()
        .limit(MOST_NAMES)
    )
    return list(rows)


def holding_any(session: Session, chat_ids: Sequence[int], terms: Iterable[str], limit: int) -> Sequence[int]:
    """Messages of these chats that hold at least one of the terms, ids ascending, the newest `limit`."""
    tokens = [f"c{chat_id}x{term}" for term in sorted(terms) for chat_id in chat_ids]
    look = postgres.message_ids if is_postgres(session) else sqlite.message_ids
    return look(session, tokens, (), limit=limit, low=None, high=None) if tokens else []


def lines(session: Session, ids: Sequence[int], now: datetime) -> list[Line]:
    """The messages with these ids that may still be shown, ids ascending."""
    alive = or_(Message.expires_at.is_(None), Message.expires_at > now)
    found: list[Line] = []
    for start in range(0, len(ids), _ROWS):
        part = Message.id.in_(ids[start : start + _ROWS])
        found += [_line(row) for row in session.execute(_LINE.where(part, alive))]
    return sorted(found, key=lambda line: line.id)


_LINE = select(
    Message.id, Message.sender_id, Message.sender_label, Message.direction, Message.sent_at,
    Message.token_count, Message.content, Message.importance, Message.search_text,
)  # fmt: skip
_CHARACTERS_A_TOKEN = 4


def _line(row: Any) -> Line:
    length = row.token_count or len(row.content) // _CHARACTERS_A_TOKEN
    outgoing = row.direction == "outgoing"
    return Line(
        row.id, row.sender_id, row.sender_label, outgoing, row.sent_at, length, row.content, row.importance,
        row.search_text or "",
    )  # fmt: skip


def said_between(session: Session, seen: Places, start: datetime, end: datetime) -> list[tuple[int, int]]:
    """The messages of a time as ranges of ids, first and last inclusive, one for each conversation.

    Ids grow with time within a conversation, so a few looks by key find the ends.
    """
    rows = session.execute(
        select(Conversation.no, Conversation.next_seq)
        .where(
            Conversation.chat_id.in_(seen.chat_ids),
            Conversation.last_message_at >= start,
            Conversation.no.not_in(seen.hidden),
        )
        .order_by(Conversation.last_message_at.desc())
        .limit(_MOST_TALKS)
    )
    found = []
    for no, next_seq in rows:
        low, top = conversation_range(no)[0] + 1, conversation_range(no)[0] + next_seq
        first, after = _first_since(session, low, top, start), _first_since(session, low, top, end)
        if first < after:
            found.append((first, after - 1))
    return found


def _first_since(session: Session, low: int, top: int, moment: datetime) -> int:
    """The least id from which on messages were sent at a moment or later; `top` when there is none."""
    while low < top:
        middle = (low + top) // 2
        sent = session.scalar(
            select(Message.sent_at)
            .where(Message.id >= middle, Message.id < top)
            .order_by(Message.id)
            .limit(1)
        )
        if sent is None or sent >= moment:
            top = middle
        else:
            low = middle + 1
    return low


def newest_in(session: Session, ranges: Sequence[tuple[int, int]], limit: int) -> list[int]:
    """Ids of the newest messages within the ranges, at most so many of each, ascending."""
    found: list[int] = []
    for first, last in ranges:
        within = Message.id.between(first, last)
        found += session.scalars(select(Message.id).where(within).order_by(Message.id.desc()).limit(limit))
    return sorted(found)


def whereabouts(session: Session, numbers: Collection[int]) -> dict[int, Where]:
    """The conversations with these numbers."""
    rows = session.execute(
        select(Conversation.no, Conversation.id, Conversation.chat_id, Conversation.title, Chat.title)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.no.in_(numbers))
    )
    return {no: Where(id_, chat_id, chat_title or title) for no, id_, chat_id, title, chat_title in rows}


def facts(session: Session, scope: Scope, seen: Places, ids: Collection[int], now: datetime) -> list[Memory]:
    """The valid memories with these ids that may be shown: of the asker, of visible talks, of the house."""
    rows = session.scalars(
        select(Memory).where(Memory.id.in_(ids), memories._valid(now), _may_see(scope, seen))
    )
    return list(rows)


def _may_see(scope: Scope, seen: Places) -> ColumnElement[bool]:
    talks = select(Conversation.no).where(
        Conversation.chat_id.in_(seen.chat_ids), Conversation.no.not_in(seen.hidden)
    )
    house = or_(Memory.chat_id.is_(None), Memory.chat_id.in_(seen.chat_ids))
    return or_(
        and_(Memory.subject == "user", memories._visible(scope)),
        and_(Memory.subject == "conversation", Memory.conversation_no.in_(talks)),
        and_(Memory.subject == "system", house),
    )


def summaries(session: Session, seen: Places, ids: Collection[int]) -> list[Summary]:
    """The summaries with these ids that are of visible chats."""
    return list(
        session.scalars(select(Summary).where(Summary.id.in_(ids), Summary.chat_id.in_(seen.chat_ids)))
    )
