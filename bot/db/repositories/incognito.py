"""Incognito conversations: finding those to erase, and erasing them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_range
from bot.db.models import Conversation, Delivery, DialogueState, Message, Turn, Vector
from bot.db.repositories import turns

ACTIVE = "active"


def to_erase(session: Session, idle_since: datetime) -> list[Conversation]:
    """Those that have ended, in whatever way, and those that hold something and rest since a time."""
    rests = and_(Conversation.last_message_at < idle_since, Conversation.message_count > 0)
    return list(
        session.scalars(
            select(Conversation).where(Conversation.incognito, or_(Conversation.status != ACTIVE, rests))
        )
    )


def locked(session: Session, conversation_no: int) -> Conversation | None:
    """The conversation as it is now, if it is an incognito one; nobody else changes it until the commit."""
    return session.scalar(
        select(Conversation)
        .where(Conversation.no == conversation_no, Conversation.incognito)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def erase(session: Session, conversation: Conversation) -> int:
    """Delete everything that was said in it and what came of that; of an ended one nothing is left.

    Files, versions, references, steps and traces go with their messages and turns. Returns how many messages
    there were.
    """
    first, last = conversation_range(conversation.no)
    own = Turn.conversation_no == conversation.no
    keys = [turns.delivery_key(turn_id) for turn_id in session.scalars(select(Turn.id).where(own))]
    session.execute(delete(Delivery).where(Delivery.key.in_(keys)))
    session.execute(delete(Turn).where(own))
    session.execute(delete(Vector).where(Vector.kind == "message", Vector.item_id.between(first, last)))
    within = Message.id.between(first, last)
    count = session.scalar(select(func.count()).select_from(Message).where(within)) or 0
    session.execute(delete(Message).where(within))
    session.execute(
        delete(DialogueState).where(
            DialogueState.user_id == conversation.user_id,
            DialogueState.chat_id == conversation.chat_id,
            DialogueState.created_at >= conversation.created_at,
        )
    )
    if conversation.status == ACTIVE:
        conversation.message_count, conversation.last_message_at = 0, None
        conversation.context_summary, conversation.summary_upto_seq = None, 0
    else:
        session.delete(conversation)
    return count
