"""Where a chat's past goes, and how it becomes one with what is said there now."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.core.messages import ChatRef
from bot.db.models import Conversation, Message, User
from bot.db.repositories import arrivals as rows
from bot.db.repositories import migration, people, running_summaries, talk
from bot.services.transfer.telegram_file import PastChat

KIND = "telegram"
MOST_JOINED = 50_000
"""Messages that were said here since; of more than these the past stays a conversation of its own."""


@dataclass(slots=True)
class Place:
    """Where one chat's past goes; `until` is when the bot began to see the chat itself."""

    chat: PastChat
    chat_id: int
    no: int
    until: datetime | None
    users: dict[str, int] = field(default_factory=dict)
    gone: dict[str, datetime | None] = field(default_factory=dict)

    def ref(self, number: int) -> str:
        """A message as it is known: private chats and small groups number theirs for each account."""
        return str(number) if self.chat.same_ids else f"export:{number}"


def opened(session: Session, chat: PastChat, ref: ChatRef, now: datetime) -> Place:
    """The place for a chat's past; the chat is made where it is unknown."""
    row = people.find_chat(session, ref)
    if row is None:
        values: dict[str, Any] = {
            "type": ref.type, "title": ref.title, "settings": {}, "created_at": now, "updated_at": now,
        }  # fmt: skip
        chat_id = rows.chat_id(session, ref.platform, ref.external_id, values)
    else:
        chat_id = row.id
    digest = hashlib.sha256(f"{chat.type}:{chat.external_id}".encode()).hexdigest()
    progress = {"conversation": str(uuid.uuid4())}
    record = rows.begin(session, f"chat:{chat_id}", KIND, digest, progress, now)
    no = _conversation(session, record.progress["conversation"], chat_id, ref, now)
    return Place(chat, chat_id, no, _first_seen(session, chat_id))


def _first_seen(session: Session, chat_id: int) -> datetime | None:
    """When the first message was said that the bot saw itself."""
    found = []
    seen = Message.meta["imported"].as_string().is_(None)
    for no in session.scalars(select(Conversation.no).where(Conversation.chat_id == chat_id)):
        within = Message.id.between(*conversation_range(no))
        query = select(Message.sent_at).where(within, seen).order_by(Message.id).limit(1)
        if (at := session.scalar(query)) is not None:
            found.append(at)
    return min(found, default=None)


def _conversation(session: Session, name: str, chat_id: int, ref: ChatRef, now: datetime) -> int:
    """The conversation that takes the past in; one that goes on already is left as it is."""
    id_, source, again = name, f"past:{name}", 1
    while found := session.scalar(select(Conversation).where(Conversation.source_id == source)):
        if found.status != "active":
            return found.no
        again += 1
        id_, source = str(uuid.uuid4()), f"past:{name}:{again}"
    user = None
    if ref.private:
        external = ref.external_id
        user_id = rows.user_id(
            session, "tg", external, {"first_name": ref.title or "", "created_at": now, "last_seen_at": now}
        )
        user = session.get_one(User, user_id)
    made = Conversation(
        id=id_, scope_key=talk.scope_key(ref, user), chat_id=chat_id, user_id=user.id if user else None,
        status="archived", source_id=source, archived_at=now, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.no


def join(session: Session, place: Place, now: datetime) -> None:
    """Let the past and what is said now be one conversation, the past first."""
    past_ = session.get(Conversation, place.no, with_for_update=True, populate_existing=True)
    if past_ is None or past_.status == "active":
        return
    if past_.message_count == 0:
        session.delete(past_)
        return
    live = talk.find_active(session, past_.scope_key)
    if live is None:
        past_.status, past_.archived_at = "active", None
        return
    session.refresh(live, with_for_update=True)
    if live.incognito or live.message_count > MOST_JOINED or not _fits(session, live, place):
        return
    id_, title, summed = live.id, live.title, (live.context_summary, live.summary_upto_seq)
    external, meta, window = (live.external_id, live.application), live.meta, live.window_from_seq
    behind = past_.next_seq - 1
    migration.append_all(session, past_, live, now)
    past_.id, past_.title, past_.status, past_.archived_at = id_, title, "active", None
    past_.external_id, past_.application = external
    past_.meta, past_.window_from_seq = meta, window + behind if window > 1 else 1
    running_summaries.leave_out(past_, behind)
    if summed[0] is not None:
        past_.context_summary, past_.summary_upto_seq = summed[0], summed[1] + behind
    session.flush()


def _fits(session: Session, live: Conversation, place: Place) -> bool:
    """Only the first conversation of a chat goes on where its past ends."""
    query = select(Conversation.no).where(Conversation.chat_id == place.chat_id).order_by(Conversation.no)
    return [no for no in session.scalars(query) if no != place.no][:1] == [live.no]
