"""Rows that have had their time: which there are, and taking them away for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, conversation_range, message_id
from bot.db import search
from bot.db.models import Chat, Conversation, Delivery, Memory, Message, Turn, TurnMessage, Vector
from bot.db.repositories import running_summaries, talk, turns

BATCH = 200
"""Messages that one transaction takes away."""

_KEPT_FROM = "kept_from"


def deleted_before(session: Session, moment: datetime, limit: int) -> Sequence[int]:
    """Conversations that were deleted before a time; incognito ones are erased in their own way."""
    return session.scalars(
        select(Conversation.no)
        .where(Conversation.status == "deleted", Conversation.deleted_at <= moment)
        .where(Conversation.incognito.is_(False))
        .order_by(Conversation.no)
        .limit(limit)
    ).all()


def expired(session: Session, now: datetime) -> list[int]:
    """Messages whose time is over, some of them; those of an answer that is being made wait."""
    busy = (
        select(TurnMessage.message_id)
        .join(Turn, Turn.id == TurnMessage.turn_id)
        .where(TurnMessage.message_id == Message.id, Turn.status.in_(turns.OPEN))
    )
    over = and_(Message.expires_at.is_not(None), Message.expires_at <= now)
    return list(session.scalars(select(Message.id).where(over, ~busy.exists()).limit(BATCH)))


def messages_of(session: Session, no: int, after: int = 0) -> list[int]:
    """The first messages of a conversation behind an id."""
    first, last = conversation_range(no)
    within = Message.id.between(max(first, after + 1), last)
    return list(session.scalars(select(Message.id).where(within).order_by(Message.id).limit(BATCH)))


def holding_old(session: Session, cutoff: datetime, after: int, limit: int) -> Sequence[tuple[int, bool]]:
    """Conversations behind a number that began before a time, and whether something of them is that old.

    What was put aside already does not count.
    """
    rows = session.scalars(
        select(Conversation)
        .where(Conversation.no > after, Conversation.created_at < cutoff)
        .where(Conversation.status != "deleted", Conversation.incognito.is_(False))
        .order_by(Conversation.no)
        .limit(limit)
    ).all()
    return [(row.no, bool(old_messages(session, row, cutoff, 1))) for row in rows]


def old_messages(session: Session, row: Conversation, cutoff: datetime, limit: int = BATCH) -> list[int]:
    """The messages at the beginning of a conversation that are older than a time."""
    first, last = conversation_range(row.no)
    begin = message_id(row.no, talk.note_of(row, _KEPT_FROM) or 0)
    found = session.execute(
        select(Message.id, Message.sent_at)
        .where(Message.id.between(max(first, begin), last))
        .order_by(Message.id)
        .limit(limit)
    ).all()
    newer = next((at for at, one in enumerate(found) if one.sent_at >= cutoff), len(found))
    return [one.id for one in found[:newer]]


def put_aside(session: Session, row: Conversation, ids: Sequence[int]) -> None:
    """Take the first messages of a conversation out of window and recall; their rows stay."""
    after = ids[-1] - conversation_range(row.no)[0] + 1
    session.execute(
        update(Message)
        .where(Message.id.in_(ids), or_(Message.search_text.is_(None), Message.search_text != ""))
        .values(search_text="")
        .execution_options(synchronize_session=False)
    )
    _drop_vectors(session, ids)
    running_summaries.narrow(session, row.no, after)
    talk.keep_note(row, _KEPT_FROM, after)
    session.flush()


def drop_messages(session: Session, ids: Sequence[int]) -> None:
    """Delete messages with their files, versions, references and vectors, and finished turns about them."""
    counts = Counter(conversation_of(one) for one in ids)
    about = or_(Turn.message_id.in_(ids), Turn.reply_message_id.in_(ids))
    _drop_turns(session, and_(Turn.conversation_no.in_(counts), about, Turn.status.not_in(turns.OPEN)))
    session.execute(delete(TurnMessage).where(TurnMessage.message_id.in_(ids)))
    _drop_vectors(session, ids)
    session.execute(delete(Message).where(Message.id.in_(ids)).execution_options(synchronize_session=False))
    for no, gone in counts.items():
        session.execute(
            update(Conversation)
            .where(Conversation.no == no)
            .values(message_count=Conversation.message_count - gone)
            .execution_options(synchronize_session=False)
        )


def drop_conversation(session: Session, row: Conversation) -> None:
    """Delete a conversation without messages, and the chat that was its own."""
    _drop_turns(session, Turn.conversation_no == row.no)
    for memory in session.scalars(select(Memory.id).where(Memory.conversation_no == row.no)).all():
        search.remove_item(session, "fact", memory)
    chat_id, own = row.chat_id, row.id
    session.delete(row)
    session.flush()
    others = select(Conversation.no).where(Conversation.chat_id == chat_id)
    session.execute(
        delete(Chat)
        .where(Chat.id == chat_id, Chat.type == "api", Chat.external_id == own, ~others.exists())
        .execution_options(synchronize_session=False)
    )


def is_empty(session: Session, no: int) -> bool:
    """Whether nothing is left of what was said."""
    first, last = conversation_range(no)
    return not session.scalar(select(func.count()).where(Message.id.between(first, last)))


def _drop_turns(session: Session, which: ColumnElement[bool]) -> None:
    ids = session.scalars(select(Turn.id).where(which)).all()
    keys = [turns.delivery_key(turn_id) for turn_id in ids]
    session.execute(delete(Delivery).where(Delivery.key.in_(keys)))
    session.execute(delete(Turn).where(Turn.id.in_(ids)).execution_options(synchronize_session=False))


def _drop_vectors(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(Vector).where(Vector.kind == "message", Vector.item_id.in_(ids)))
