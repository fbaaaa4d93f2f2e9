"""How far people's words were read for facts, what waits, and a batch of it to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, conversation_range
from bot.db.models import Conversation, ExtractionMark, Message
from bot.db.upsert import is_postgres

ENOUGH = 512
"""Tokens of a person's own unread text that are read at once."""

SOME = 96
"""Tokens that are read once the person has been quiet for `QUIET`; only where they are alone with the bot.

Most of what is said in groups is not for the bot: there a call for each lull would cost more than it finds.
"""

QUIET = timedelta(minutes=30)
LONGEST = timedelta(days=1)
"""After which any text is read, however little it is."""


def note_said(session: Session, message: Message, conversation: Conversation, user_id: int) -> None:
    """Note that somebody said something that may be read for facts: one cheap upsert.

    Called in the transaction that stores the message. Forwarded words, the bot's own and incognito talk are
    not noted; pauses are honoured when it comes to reading.
    """
    if message.direction != "incoming" or message.forwarded_from is not None or conversation.incognito:
        return
    if not message.content or message.expires_at is not None:
        return
    row = {
        "conversation_no": conversation.no, "user_id": user_id, "upto_id": message.id - 1,
        "waiting_tokens": message.token_count, "waiting_since": message.sent_at, "last_at": message.sent_at,
    }  # fmt: skip
    insert = (postgres_insert if is_postgres(session) else sqlite_insert)(ExtractionMark).values(row)
    mark = ExtractionMark
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["conversation_no", "user_id"],
            set_={
                "waiting_tokens": mark.waiting_tokens + message.token_count,
                "waiting_since": func.coalesce(mark.waiting_since, insert.excluded.waiting_since),
                "last_at": insert.excluded.last_at,
            },
        )
    )


def due(session: Session, now: datetime, limit: int = 200) -> list[ExtractionMark]:
    """Whose words should be read now, the longest waiting first."""
    mark = ExtractionMark
    enough = or_(
        mark.waiting_tokens >= ENOUGH,
        and_(mark.waiting_tokens >= SOME, mark.last_at <= now - QUIET, Conversation.user_id.is_not(None)),
        mark.waiting_since <= now - LONGEST,
    )
    rows = (
        select(mark)
        .join(Conversation, Conversation.no == mark.conversation_no)
        .where(mark.waiting_since.is_not(None), enough)
        .order_by(mark.waiting_since)
    )
    return list(session.scalars(rows.limit(limit)))


def mark_of(
    session: Session, conversation_no: int, user_id: int, *, lock: bool = False
) -> ExtractionMark | None:
    """How far a person was read in a conversation."""
    query = select(ExtractionMark).where(
        ExtractionMark.conversation_no == conversation_no, ExtractionMark.user_id == user_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def move(session: Session, mark: ExtractionMark, upto_id: int) -> None:
    """Everything up to a message is read; what came since waits. The mark must be locked."""
    session.flush()
    waiting = select(
        func.coalesce(func.sum(Message.token_count), 0), func.min(Message.sent_at), func.max(Message.sent_at)
    ).where(_own(mark.conversation_no, mark.user_id, upto_id))
    tokens, first, last = session.execute(waiting).one()
    mark.upto_id, mark.waiting_tokens, mark.waiting_since = upto_id, int(tokens), first
    if first is not None:
        mark.last_at = last


def skip_all(session: Session, user_id: int) -> None:
    """Nothing that a person said until now will be read."""
    marks = select(ExtractionMark).where(ExtractionMark.user_id == user_id).with_for_update()
    for mark in session.scalars(marks.execution_options(populate_existing=True)):
        newest = session.scalar(select(func.max(Message.id)).where(_own(mark.conversation_no, user_id, 0)))
        move(session, mark, newest or mark.upto_id)


def _own(conversation_no: int, user_id: int, after: int) -> ColumnElement[bool]:
    first, last = conversation_range(conversation_no)
    return and_(
        Message.id > max(after, first), Message.id <= last, Message.sender_id == user_id,
        Message.direction == "incoming", Message.forwarded_from.is_(None), Message.expires_at.is_(None),
        Message.content != "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message as a batch holds it: `own` is said by the person that the batch is about, `attached` stands
    below a picture or a file.
    """

    id: int
    own: bool
    outgoing: bool
    text: str
    sent_at: datetime
    tokens: int
    sender_id: int | None = None
    attached: bool = False


def unread(
    session: Session, conversation_no: int, user_id: int, after: int, *, tokens: int, most: int
) -> list[Spoken]:
    """The person's next unread words: about so many tokens, at most so many messages, in order."""
    rows = session.scalars(
        select(Message).where(_own(conversation_no, user_id, after)).order_by(Message.id).limit(most)
    )
    batch: list[Spoken] = []
    for row in rows:
        if batch and sum(said.tokens for said in batch) + row.token_count > tokens:
            break
        batch.append(_spoken(row, user_id))
    return batch


def before_each(session: Session, batch: Sequence[Spoken], user_id: int) -> list[Spoken]:
    """What somebody else said right before each message of a batch, oldest first."""
    own = {said.id for said in batch}
    low = conversation_range(conversation_of(batch[0].id))[0]
    ids = {said.id - 1 for said in batch} - own - {low}
    rows = session.scalars(
        select(Message)
        .where(
            Message.id.in_(ids), Message.forwarded_from.is_(None), Message.content != "",
            Message.expires_at.is_(None), or_(Message.sender_id != user_id, Message.sender_id.is_(None)),
        )
        .order_by(Message.id)
    )  # fmt: skip
    return [_spoken(row, user_id) for row in rows]


def _spoken(row: Message, user_id: int) -> Spoken:
    own = row.sender_id == user_id and row.direction == "incoming"
    return Spoken(
        row.id, own, row.direction == "outgoing", row.content, row.sent_at, row.token_count,
        row.sender_id, row.content_type not in ("text", "voice"),
    )  # fmt: skip


def still_said(session: Session, ids: Sequence[int], user_id: int) -> dict[int, Message]:
    """Which of the messages are still there as the person's own words, as they read now."""
    rows = session.scalars(
        select(Message)
        .where(Message.id.in_(ids), Message.sender_id == user_id, Message.direction == "incoming")
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def set_importance(session: Session, scores: dict[int, float]) -> None:
    """Store how much messages matter, 0 to 1; a lower score never replaces a higher one."""
    by_score: dict[float, list[int]] = {}
    for message_id, score in scores.items():
        by_score.setdefault(score, []).append(message_id)
    for score, ids in by_score.items():
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), or_(Message.importance.is_(None), Message.importance < score))
            .values(importance=score)
            .execution_options(synchronize_session=False)
        )
