"""What the bot's predecessor kept: one conversation for each person in each chat."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.core.messages import ChatRef, ChatType
from bot.core.ports import Clock, TokenCounter
from bot.db.clean import storable
from bot.db.engine import Database
from bot.db.former import FormerDatabase, FormerMessage
from bot.db.models import Chat, ChatMember, Conversation, User
from bot.db.repositories import arrivals as rows
from bot.db.repositories import people, running_summaries, talk
from bot.db.upsert import insert_new
from bot.services.reach import platform_of
from bot.services.transfer.erased import ErasedMarks, erased_marks

_DIRECTIONS = {
    "user": "incoming", "incoming": "incoming", "in": "incoming", "ai": "outgoing", "assistant": "outgoing",
    "bot": "outgoing", "outgoing": "outgoing", "out": "outgoing", "system": "system",
}  # fmt: skip


@dataclass(slots=True)
class Taken:
    """How many rows were read, and how many of them were new."""

    read: int = 0
    added: int = 0


class LegacyImport:
    """Copies the old rows; done again it adds only what is new in them."""

    def __init__(self, database: Database, clock: Clock, tokens: TokenCounter) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens

    async def read(self, former: FormerDatabase, told: Callable[[int, int], None] | None = None) -> Taken:
        """Import all of it; `told` hears how many rows of how many are done. Raises Invalid."""
        taken, erased = Taken(), await self._db.read(erased_marks)
        async for count, page in former.pages():
            tokens = await asyncio.to_thread(self._count, page)
            now = self._clock.now()
            gone = await asyncio.to_thread(_gone, page, erased)
            work = [(m, n) for m, n in zip(page, tokens, strict=True) if not _was_before(m, gone)]
            taken.added += await self._db.write(partial(_put, work=work, now=now))
            taken.read += len(page)
            if told is not None:
                told(taken.read, count)
        return taken

    def _count(self, page: Sequence[FormerMessage]) -> list[int]:
        return [self._tokens.count(message.text) for message in page]


def _gone(page: Sequence[FormerMessage], erased: ErasedMarks) -> dict[str, datetime | None]:
    return {user: erased.erased_at(platform_of(user), user) for user in {m.user_id for m in page}}


def _was_before(message: FormerMessage, gone: dict[str, datetime | None]) -> bool:
    at = gone[message.user_id]
    return at is not None and (message.sent_at is None or message.sent_at <= at)


def _put(session: Session, work: Sequence[tuple[FormerMessage, int]], now: datetime) -> int:
    by_place: dict[tuple[str, str], list[tuple[FormerMessage, int]]] = {}
    for message, tokens in work:
        by_place.setdefault((message.user_id, message.chat_id), []).append((message, tokens))
    return sum(_place(session, *place, some, now) for place, some in by_place.items())


def _place(
    session: Session, user_id: str, chat_id: str, work: Sequence[tuple[FormerMessage, int]], now: datetime
) -> int:
    first = work[0][0].sent_at or now
    user = rows.user_id(session, platform_of(user_id), user_id, {"created_at": first, "last_seen_at": first})
    kind: ChatType = "group" if chat_id.startswith("-") else "private"
    kind = "supergroup" if chat_id.startswith("-100") else kind
    chat = rows.chat_id(
        session, "tg", chat_id, {"type": kind, "settings": {}, "created_at": first, "updated_at": first}
    )
    # Whether they are still in a group nobody knows: until they are seen, its talk is not theirs to recall.
    member = {
        "chat_id": chat,
        "user_id": user,
        "joined_at": first,
        "left_at": None if kind == "private" else now,
    }
    insert_new(session, ChatMember, [member], ["chat_id", "user_id"])
    conversation = _conversation(session, user, chat, f"legacy:{user_id}:{chat_id}"[:64], now)
    refs = rows.known_refs(session, chat, [ref for m, _ in work for ref in _refs(m)])
    new = [(m, tokens) for m, tokens in work if not any(ref in refs for ref in _refs(m))]
    ids = [message_id(conversation.no, conversation.next_seq + at) for at in range(len(new))]
    made = [_row(id_, m, tokens, user, now) for id_, (m, tokens) in zip(ids, new, strict=True)]
    rows.append_messages(session, made)
    rows.add_refs(session, [
        {"chat_id": chat, "external_id": ref, "message_id": id_}
        for id_, (m, _) in zip(ids, new, strict=True) for ref in _refs(m)
    ])  # fmt: skip
    rows.count_in(session, conversation.no, ids, max((row["sent_at"] for row in made), default=None))
    running_summaries.leave_out(conversation, conversation.next_seq - 1)
    return len(new)


def _refs(message: FormerMessage) -> list[str]:
    """Under which names it is known: its row's, and Telegram's where it has one."""
    own = [f"legacy:{message.id}"]
    return own if message.message_id is None else [message.message_id, *own]


def _conversation(session: Session, user_id: int, chat_id: int, source: str, now: datetime) -> Conversation:
    found = session.scalar(
        select(Conversation).where(Conversation.source_id == source).with_for_update().limit(1)
    )
    if found is not None:
        return found
    chat, user = session.get_one(Chat, chat_id), session.get_one(User, user_id)
    ref: ChatRef = people.as_chat_ref(chat)
    key = talk.scope_key(ref, user)
    # In a group everybody's talk is one; these are one person's side of it.
    free = ref.private and talk.find_active(session, key) is None
    made = Conversation(
        id=str(uuid.uuid4()), scope_key=key, chat_id=chat_id, user_id=user_id if ref.private else None,
        status="active" if free else "archived", archived_at=None if free else now, source_id=source,
        created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _row(id_: int, message: FormerMessage, tokens: int, user_id: int, now: datetime) -> dict[str, Any]:
    said = str(message.meta.get("direction") or message.meta.get("role") or "")
    direction = _DIRECTIONS.get(said.lower(), "incoming")
    mine = direction == "incoming"
    return {
        "id": id_, "sender_id": user_id if mine else None, "direction": direction, "content_type": "text",
        "sender_label": f"{message.user_id} (id:{message.user_id})" if mine else "",
        "content": storable(message.text), "token_count": tokens, "meta": {**message.meta, "imported": True},
        "sent_at": message.sent_at or now,
    }  # fmt: skip
