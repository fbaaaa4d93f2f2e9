"""Where facts were said: their messages and quotes, and what happens when a message changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from bot.core.ids import conversation_of
from bot.db.models import Conversation, Memory, MemorySource, Message


@dataclass(frozen=True, slots=True)
class SourceView:
    """A place where a fact was said; the message is None once it is gone."""

    message_id: int | None
    quote: str
    said_at: datetime | None
    chat_id: int | None


def of_memory(session: Session, memory_id: int) -> list[MemorySource]:
    """The sources of a fact, in the order they were found."""
    rows = select(MemorySource).where(MemorySource.memory_id == memory_id).order_by(MemorySource.id)
    return list(session.scalars(rows))


def views(session: Session, memory_id: int) -> list[SourceView]:
    """The same as values, with when and in which chat each was said."""
    found = []
    for source in of_memory(session, memory_id):
        message = session.get(Message, source.message_id) if source.message_id is not None else None
        place = session.get(Conversation, conversation_of(message.id)) if message is not None else None
        found.append(
            SourceView(
                source.message_id,
                source.quote,
                message.sent_at if message is not None else None,
                place.chat_id if place is not None else None,
            )
        )
    return found


def add(session: Session, memory_id: int, message_id: int | None, quote: str) -> None:
    """Note one more message in which a fact was said; a known one is left alone."""
    if any(source.message_id == message_id for source in of_memory(session, memory_id)):
        return
    session.add(MemorySource(memory_id=memory_id, message_id=message_id, quote=quote))
    session.flush()


def standing_on(session: Session, message_ids: Sequence[int]) -> list[tuple[MemorySource, Memory]]:
    """What was said in any of these messages, with the facts, which may be over or wait for a word."""
    rows = session.execute(
        select(MemorySource, Memory)
        .join(Memory, Memory.id == MemorySource.memory_id)
        .where(MemorySource.message_id.in_(message_ids))
        .order_by(MemorySource.id)
    )
    return [(source, memory) for source, memory in rows]


def quotes_others(session: Session, message_ids: Sequence[int], user_id: int) -> bool:
    """Whether one of the messages quotes, or replies to, what another person said (not the bot)."""
    target = aliased(Message)
    foreign = or_(target.sender_id != user_id, target.sender_id.is_(None), target.forwarded_from.is_not(None))
    unknown = (Message.quote.is_not(None)) & target.id.is_(None)
    query = (
        select(Message.id)
        .outerjoin(target, target.id == Message.reply_to)
        .where(Message.id.in_(message_ids), or_(unknown, (target.direction == "incoming") & foreign))
    )
    return session.scalar(query.limit(1)) is not None
