"""What a reply knew, read back: its turn, and the things that its trace names as they are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of
from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.models import (
    Chat,
    ChatMember,
    Chunk,
    Conversation,
    Delivery,
    Document,
    Memory,
    MemorySource,
    Message,
    MessageRef,
    Trace,
    Turn,
    TurnMessage,
    TurnStep,
    UsageRow,
    User,
)
from bot.db.repositories import people
from bot.db.repositories.turns import delivery_key

_RECENT = 30
"""Turns of a chat among which an answer without a stored message is looked for."""


@dataclass(frozen=True, slots=True)
class TracedTurn:
    """A turn with the trace that was kept of it, and where it took place."""

    turn: Turn
    trace: Trace
    conversation: Conversation
    chat: Chat


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message with the chat it stands in and the platform's id of it there."""

    message: Message
    chat: Chat
    external_id: str | None


def by_turn(session: Session, turn_id: int) -> TracedTurn | None:
    """A turn that kept a trace."""
    return _traced(session, turn_id)


def by_message(session: Session, message_id: int) -> TracedTurn | None:
    """The turn that a message of ours was written in, or that a person's message was answered by."""
    found = session.scalar(select(Trace.turn_id).where(Trace.message_id == message_id))
    if found is None:
        asked = select(TurnMessage.turn_id).where(TurnMessage.message_id == message_id)
        found = session.scalar(asked.order_by(TurnMessage.turn_id.desc()).limit(1))
    return None if found is None else _traced(session, found)


def by_external_id(session: Session, chat: Chat, external_id: str) -> TracedTurn | None:
    """The turn behind a platform's message in a chat; also of an answer that is notices alone."""
    ref = session.get(MessageRef, (chat.id, external_id))
    if ref is not None:
        return by_message(session, ref.message_id)
    recent = session.scalars(
        select(Turn.id)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .where(Conversation.chat_id == chat.id)
        .order_by(Turn.id.desc())
        .limit(_RECENT)
    )
    keys = {delivery_key(turn_id): turn_id for turn_id in recent}
    shown = session.execute(select(Delivery.key, Delivery.external_ids).where(Delivery.key.in_(keys)))
    turn_id = next((keys[key] for key, ids in shown if external_id in ids), None)
    return None if turn_id is None else _traced(session, turn_id)


def latest(session: Session, chat: Chat, topic_id: int | None, user_id: int) -> TracedTurn | None:
    """The last turn of a person in a chat (topic) that kept a trace."""
    here = Conversation.topic_id.is_(None) if topic_id is None else Conversation.topic_id == topic_id
    turn_id = session.scalar(
        select(Turn.id)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .join(Trace, Trace.turn_id == Turn.id)
        .where(Turn.user_id == user_id, Conversation.chat_id == chat.id, here)
        .order_by(Turn.id.desc())
        .limit(1)
    )
    return None if turn_id is None else _traced(session, turn_id)


def _traced(session: Session, turn_id: int) -> TracedTurn | None:
    row = session.execute(
        select(Turn, Trace, Conversation, Chat)
        .join(Trace, Trace.turn_id == Turn.id)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Turn.id == turn_id)
    ).one_or_none()
    return None if row is None else TracedTurn(*row)


def facts(
    session: Session, ids: Collection[int], scope: Scope | None
) -> list[tuple[Memory, MemorySource | None]]:
    """Facts that still are there, newest first, each with its first source.

    Under a scope only the asker's own that may be shown there, also those that have ended since; without
    one (an operator) all of them.
    """
    first = (
        select(func.min(MemorySource.id))
        .where(MemorySource.memory_id == Memory.id)
        .correlate(Memory)
        .scalar_subquery()
    )
    query = (
        select(Memory, MemorySource)
        .outerjoin(MemorySource, MemorySource.id == first)
        .where(Memory.id.in_(ids), Memory.deleted_at.is_(None))
        .order_by(Memory.valid_at.desc(), Memory.id.desc())
    )
    if scope is not None:
        here = or_(Memory.scope != "chat", Memory.chat_id == scope.chat_id)
        query = query.where(Memory.user_id == (scope.user_id or -1), here)
        if not scope.private:
            query = query.where(Memory.scope != "private", Memory.sensitive.is_(False))
    return [(memory, source) for memory, source in session.execute(query)]


def spoken(session: Session, ids: Collection[int]) -> dict[int, Spoken]:
    """Messages by id with their chats; what was deleted with its conversation is left out."""
    if not ids:
        return {}
    ref = (
        select(func.min(MessageRef.external_id))
        .where(MessageRef.message_id == Message.id, ~MessageRef.external_id.contains(":"))
        .correlate(Message)
        .scalar_subquery()
    )
    numbers = {message_id: conversation_of(message_id) for message_id in ids}
    places = session.execute(
        select(Conversation.no, Chat)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.no.in_(set(numbers.values())), Conversation.deleted_at.is_(None))
    )
    chats = dict(places.all())
    rows = session.execute(select(Message, ref).where(Message.id.in_(ids)))
    return {
        message.id: Spoken(message, chats[numbers[message.id]], external_id)
        for message, external_id in rows
        if numbers[message.id] in chats
    }


def member_of(session: Session, user_id: int, chat_id: int) -> bool:
    """Whether a person belongs to a chat now, as far as is known."""
    member = session.get(ChatMember, (chat_id, user_id))
    return member is not None and member.left_at is None


def passages(session: Session, ids: Collection[int]) -> list[tuple[Chunk, Document]]:
    """Passages that still are there, with their documents."""
    rows = session.execute(
        select(Chunk, Document)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_(ids))
        .order_by(Chunk.document_id, Chunk.position)
    )
    return [(chunk, document) for chunk, document in rows]


def steps(session: Session, turn_id: int) -> Sequence[TurnStep]:
    """The finished steps of a turn, in their order."""
    return session.scalars(select(TurnStep).where(TurnStep.turn_id == turn_id).order_by(TurnStep.id)).all()


def usage(session: Session, turn_id: int) -> Sequence[UsageRow]:
    """What the model calls of a turn used, in their order."""
    return session.scalars(select(UsageRow).where(UsageRow.turn_id == turn_id).order_by(UsageRow.id)).all()


def find_place(
    session: Session, chat_id: str, user_id: str | None, topic_id: int | None
) -> tuple[ChatRef, Person] | None:
    """A chat by its platform's id, and who would be answered there: `user_id`, else whoever asked last.

    The id of an API session's conversation names it too. None where nothing is known of either.
    """
    chat = session.scalar(
        select(Chat).where(Chat.external_id == chat_id).order_by(Chat.platform != "tg", Chat.id.desc())
    ) or session.scalar(
        select(Chat).join(Conversation, Conversation.chat_id == Chat.id).where(Conversation.id == chat_id)
    )
    if chat is None:
        return None
    query = select(User)
    if user_id is not None:
        query = query.where(User.external_id == user_id).order_by(User.platform != chat.platform, User.id)
    else:
        here = Conversation.topic_id == topic_id if topic_id is not None else Conversation.topic_id.is_(None)
        query = (
            query.join(Turn, Turn.user_id == User.id)
            .join(Conversation, Conversation.no == Turn.conversation_no)
            .where(Conversation.chat_id == chat.id, here)
            .order_by(Turn.id.desc())
        )
    user = session.scalar(query.limit(1))
    return None if user is None else (people.as_chat_ref(chat, topic_id), people.as_person(user))
