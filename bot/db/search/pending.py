"""What waits to be indexed; a partial index of such messages alone keeps the looks cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.orm import Session

from bot.core.ids import SEQ_BITS, conversation_of, conversation_range
from bot.db.models import Conversation, Message

_UNINDEXED: ColumnElement[bool] = Message.search_text.is_(None)
_BITS: ColumnElement[int] = literal_column(str(SEQ_BITS))
"""Not a parameter: PostgreSQL shifts by a plain integer only."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation with messages to index, up to `last` (a message id, inclusive)."""

    conversation_no: int
    last: int


def waiting_in(session: Session, chat_ids: Sequence[int], below: int | None = None) -> list[Waiting]:
    """Conversations of these chats with messages that are not indexed yet.

    `below`: of the conversation that this message is in, only what stands before it.
    """
    first = Conversation.no.op("<<")(_BITS)
    within = Message.id.between(first, first + (1 << SEQ_BITS) - 1)
    waits = select(Message.id).where(_UNINDEXED, within).correlate(Conversation).exists()
    found = session.scalars(select(Conversation.no).where(Conversation.chat_id.in_(chat_ids), waits))
    ends = {no: conversation_range(no)[1] for no in found}
    if below is not None and conversation_of(below) in ends:
        ends[conversation_of(below)] = below - 1
    return [Waiting(no, last) for no, last in sorted(ends.items())]


def overdue(session: Session, keep: int, step: int, idle_since: datetime) -> list[Waiting]:
    """Conversations of which `step` messages lie behind the newest `keep`, or that rest since a time."""
    no = Message.id.op(">>")(_BITS)
    tails = (
        select(no.label("no"), func.count().label("size")).where(_UNINDEXED).group_by(no).subquery("tails")
    )
    rests = or_(Conversation.last_message_at.is_(None), Conversation.last_message_at < idle_since)
    rows = session.execute(
        select(Conversation.no, Conversation.next_seq, rests.label("rests"))
        .join(tails, tails.c.no == Conversation.no)
        .where(or_(tails.c.size >= keep + step, rests))
        .order_by(Conversation.no)
    ).all()
    return [
        Waiting(row.no, conversation_range(row.no)[1] if row.rests else _before(row.no, row.next_seq, keep))
        for row in rows
    ]


def _before(no: int, next_seq: int, keep: int) -> int:
    """The last message that lies behind the newest `keep` ones."""
    return conversation_range(no)[0] + next_seq - 1 - keep


def take(session: Session, waiting: Waiting, most: int) -> tuple[bool, list[tuple[int, str]]]:
    """Whether a conversation is incognito, and its next messages to index, locked against changes."""
    incognito = session.scalar(
        select(Conversation.incognito)
        .where(Conversation.no == waiting.conversation_no)
        # Its chat must not change while its messages are filed under it, and who indexes the same
        # conversation waits here, to find afterwards what is left.
        .with_for_update(key_share=True)
    )
    first = conversation_range(waiting.conversation_no)[0]
    rows = session.execute(
        select(Message.id, Message.content)
        .where(_UNINDEXED, Message.id.between(first, waiting.last))
        .order_by(Message.id)
        .limit(most)
        .with_for_update()
    )
    return incognito is not False, [(row.id, row.content) for row in rows]
