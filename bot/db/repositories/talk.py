"""Conversations, their messages, and the platform's ids for them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.core.messages import AttachmentRef, ChatRef
from bot.db.clean import storable, storable_or_none
from bot.db.models import Attachment, Chat, Conversation, Message, MessageRef, MessageVersion, User
from bot.db.repositories import summaries
from bot.db.upsert import insert_new

HOUSE = "_mnema"
"""The key in the metadata of conversations and messages that is the house's own, never shown."""

_KEY_LENGTH = 255
_RESTING = "resting"
_ACTIVE: ColumnElement[bool] = Conversation.status == literal_column("'active'")
"""With a literal: a parameter would keep the planners from the partial unique index."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to append; `label` is the inside of its bracket prefix."""

    direction: str
    content: str
    label: str
    sent_at: datetime
    sender_id: int | None = None
    content_type: str = "text"
    token_count: int = 0
    reply_to: int | None = None
    quote: str | None = None
    forwarded_from: str | None = None
    processing_time_ms: int | None = None
    relevance_score: float | None = None
    context_entries_used: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def scope_key(chat: ChatRef, user: User | None) -> str:
    """What at most one active conversation stands for: a person in private, a chat and topic in groups."""
    if chat.private:
        owner = user.external_id if user is not None else "0"
        key = f"{chat.platform}:{chat.external_id}:u{owner}"
    else:
        key = f"{chat.platform}:{chat.external_id}:{chat.topic_id or 0}"
    if len(key) <= _KEY_LENGTH:
        return key
    return f"{chat.platform}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def find_active(session: Session, key: str) -> Conversation | None:
    """The active conversation of a scope key."""
    return session.scalar(select(Conversation).where(Conversation.scope_key == key, _ACTIVE))


def active_conversation(
    session: Session, chat: Chat, ref: ChatRef, user: User | None, now: datetime
) -> Conversation:
    """The active conversation of a chat (topic), made when there is none.

    One that only had to make room for others goes on.
    """
    return begun(session, chat, ref, user, now)[0]


def begun(
    session: Session, chat: Chat, ref: ChatRef, user: User | None, now: datetime
) -> tuple[Conversation, bool]:
    """The same, and whether it became active just now."""
    key, began = scope_key(ref, user), False
    while (found := find_active(session, key)) is None:
        if user is not None and ref.private and (resting := _resting(session, chat, key)) is not None:
            activate(session, resting, now)
            return resting, True
        row = {
            "id": str(uuid.uuid4()), "scope_key": key, "chat_id": chat.id, "topic_id": ref.topic_id,
            "user_id": user.id if user is not None and ref.private else None, "status": "active",
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        # Somebody else may make it at this moment: then it is there at the next look.
        began = insert_new(session, Conversation, [row], ["scope_key"], where=_ACTIVE) == 1
    return found, began


def archive(session: Session, conversation: Conversation, now: datetime, *, cleared: bool) -> None:
    """End a conversation; a cleared one also takes the chat's summaries with it."""
    conversation.status, conversation.archived_at, conversation.updated_at = "archived", now, now
    if cleared:
        conversation.cleared_at = now
        summaries.restart(session, conversation.chat_id, conversation.topic_id or 0)
    session.flush()


def let_rest(session: Session, conversation: Conversation, now: datetime) -> None:
    """Archive a conversation to make room; the next message of its place goes on with it."""
    keep_note(conversation, _RESTING, True)
    archive(session, conversation, now, cleared=False)


def activate(session: Session, conversation: Conversation, now: datetime) -> None:
    """Make a conversation the active one of its scope, which has none; a clearing of it ends."""
    keep_note(conversation, _RESTING, None)
    conversation.status, conversation.archived_at, conversation.updated_at = "active", None, now
    conversation.cleared_at = None
    session.flush()


def keep_note(conversation: Conversation, name: str, value: Any) -> None:
    """Keep something of the house's own with a conversation; None takes it away."""
    notes = {**conversation.meta.get(HOUSE, {}), name: value}
    notes = {key: one for key, one in notes.items() if one is not None}
    others = {key: one for key, one in conversation.meta.items() if key != HOUSE}
    conversation.meta = others | ({HOUSE: notes} if notes else {})


def note_of(row: Conversation | Message, name: str) -> Any:
    """What the house keeps of its own with a row; None when nothing."""
    return row.meta.get(HOUSE, {}).get(name)


def _resting(session: Session, chat: Chat, key: str) -> Conversation | None:
    last = session.scalar(
        select(Conversation)
        .where(Conversation.chat_id == chat.id, Conversation.scope_key == key)
        .where(Conversation.status == "archived")
        .order_by(
            func.coalesce(Conversation.archived_at, Conversation.updated_at).desc(), Conversation.no.desc()
        )
        .limit(1)
    )
    return last if last is not None and note_of(last, _RESTING) else None


def append(session: Session, conversation_no: int, new: NewMessage) -> Message:
    """Append a message; its sequence number and the conversation's counters move in the same transaction."""
    after = session.execute(
        update(Conversation)
        .where(Conversation.no == conversation_no)
        .values(
            next_seq=Conversation.next_seq + 1,
            message_count=Conversation.message_count + 1,
            last_message_at=new.sent_at,
            updated_at=new.sent_at,
        )
        .returning(Conversation.next_seq)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    message = Message(
        id=message_id(conversation_no, after - 1),
        sender_id=new.sender_id,
        sender_label=storable(new.label),
        direction=new.direction,
        content_type=new.content_type,
        content=storable(new.content),
        token_count=new.token_count,
        reply_to=new.reply_to,
        quote=storable_or_none(new.quote),
        forwarded_from=storable_or_none(new.forwarded_from),
        processing_time_ms=new.processing_time_ms,
        relevance_score=new.relevance_score,
        context_entries_used=new.context_entries_used,
        meta=new.meta,
        sent_at=new.sent_at,
    )
    session.add(message)
    session.flush()
    return message


def attach(session: Session, message: Message, files: Sequence[AttachmentRef]) -> None:
    """Note the files of a message."""
    session.add_all(
        Attachment(
            message_id=message.id, kind=f.kind, file_id=f.file_id, unique_id=f.unique_id, mime=f.mime,
            size=f.size, width=f.width, height=f.height, name=f.name,
        )
        for f in files
    )  # fmt: skip


def by_external_id(session: Session, chat_id: int, external_id: str) -> Message | None:
    """The message behind a platform's id in a chat."""
    return session.scalar(
        select(Message)
        .join(MessageRef, MessageRef.message_id == Message.id)
        .where(MessageRef.chat_id == chat_id, MessageRef.external_id == external_id)
    )


def known(session: Session, chat_id: int, external_id: str) -> bool:
    """Whether a platform's message was stored already."""
    return session.get(MessageRef, (chat_id, external_id)) is not None


def former_id(chat_external_id: str, external_id: str) -> str:
    """The id of a message in the group that a supergroup once was; there ids began anew."""
    return f"{chat_external_id}:{external_id}"


def refer(session: Session, chat_id: int, external_ids: Sequence[str], message: int) -> None:
    """Note the platform's ids of a message; ids known already stay as they are."""
    if external_ids:
        insert_new(
            session,
            MessageRef,
            [{"chat_id": chat_id, "external_id": e, "message_id": message} for e in external_ids],
            ["chat_id", "external_id"],
        )


def edit(session: Session, message: Message, content: str, token_count: int, now: datetime) -> bool:
    """Replace a message's text and keep what it said before; False when nothing changed."""
    content = storable(content)
    if message.content == content:
        return False
    session.add(MessageVersion(message_id=message.id, content=message.content, replaced_at=now))
    message.content, message.token_count, message.edited_at = content, token_count, now
    return True
