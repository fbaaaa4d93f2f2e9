"""What summaries are made of: stretches of conversations, and the messages in them, with their speakers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from bot.core.ids import message_id, seq_of
from bot.db.models import Attachment, Conversation, Message, Profile
from bot.db.repositories.summaries import Place, last_cleared, readable, topic_of

_SLACK = 64
"""Messages before the found beginning that are looked at too: a few may be out of order."""

_IDS = 500


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a conversation: message ids `first` to `last`, said from `since` to before `until`."""

    first: int
    last: int
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message; `words` is its transcript or description."""

    kind: str
    name: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A message as a transcript shows it; `label` is the inside of its prefix."""

    id: int
    outgoing: bool
    label: str
    text: str
    sent_at: datetime
    sender_id: int | None = None
    content_type: str = "text"
    forwarded_from: str | None = None
    reply_to: str | None = None
    """The label of whom it replies to."""
    files: tuple[File, ...] = ()


def stretches(
    session: Session, place: Place, since: datetime, until: datetime, *, owner: int | None = None
) -> list[Stretch]:
    """What of a place may be summarised of that time, in the order of ids; `owner` limits it to one person's.

    Talk from before the place's last /clear is left out, unless its conversation was opened again.
    """
    cleared = last_cleared(session, place)
    # Columns, not rows: counters move by UPDATE, behind the back of rows that the session knows already.
    query = select(Conversation.no, Conversation.next_seq, Conversation.status).where(
        Conversation.chat_id == place.chat_id, topic_of == place.topic_id, readable(),
        Conversation.last_message_at >= since,
    )  # fmt: skip
    if owner is not None:
        query = query.where(Conversation.user_id == owner)
    found = []
    for row in session.execute(query.order_by(Conversation.no)).all():
        bound = since if cleared is None or row.status == "active" else max(since, cleared)
        first = max(1, _begin(session, row.no, row.next_seq, bound) - _SLACK)
        last = message_id(row.no, row.next_seq - 1)
        found.append(Stretch(message_id(row.no, first), last, bound, until))
    return found


def _begin(session: Session, no: int, next_seq: int, since: datetime) -> int:
    """About where a time begins: by halving, since a long conversation has no index over its times."""
    low, high = 1, next_seq
    while low < high:
        middle = (low + high) // 2
        row = session.execute(
            select(Message.id, Message.sent_at)
            .where(Message.id >= message_id(no, middle))
            .where(Message.id < message_id(no, high))
            .order_by(Message.id)
            .limit(1)
        ).first()
        if row is not None and row.sent_at < since:
            low = seq_of(row.id) + 1
        else:
            high = middle
    return low


def said(session: Session, among: Iterable[Stretch], after: int, limit: int) -> list[Said]:
    """Up to `limit` messages with ids over `after`, in their order.

    A message with a time to live is left out: a summary would outlive it.
    """
    found: list[Said] = []
    for stretch in among:
        if stretch.last > after and len(found) < limit:
            found += _read(session, stretch, after, limit - len(found))
    return found


def _read(session: Session, stretch: Stretch, after: int, limit: int) -> list[Said]:
    target = aliased(Message)
    query = (
        select(
            Message.id, Message.direction, Message.sender_label, Message.content, Message.sent_at,
            Message.sender_id, Message.content_type, Message.forwarded_from,
            target.sender_label.label("replied"),
        )
        .outerjoin(target, target.id == Message.reply_to)
        .where(Message.id > max(after, stretch.first - 1), Message.id <= stretch.last)
        .where(Message.expires_at.is_(None))
    )  # fmt: skip
    if stretch.since is not None:
        query = query.where(Message.sent_at >= stretch.since)
    if stretch.until is not None:
        query = query.where(Message.sent_at < stretch.until)
    rows = session.execute(query.order_by(Message.id).limit(limit)).all()
    files = _files(session, [row.id for row in rows if row.content_type != "text"])
    return [_said(row, files.get(row.id, ())) for row in rows]


def _said(row: Any, files: Sequence[File]) -> Said:
    return Said(
        id=row.id,
        outgoing=row.direction == "outgoing",
        label=row.sender_label,
        text=row.content,
        sent_at=row.sent_at,
        sender_id=row.sender_id,
        content_type=row.content_type,
        forwarded_from=row.forwarded_from,
        reply_to=row.replied,
        files=tuple(files),
    )


def _files(session: Session, ids: Sequence[int]) -> dict[int, list[File]]:
    found: dict[int, list[File]] = {}
    for start in range(0, len(ids), _IDS):
        some = Attachment.message_id.in_(ids[start : start + _IDS])
        for row in session.scalars(select(Attachment).where(some).order_by(Attachment.id)):
            file = File(row.kind, row.name, row.description)
            found.setdefault(row.message_id, []).append(file)
    return found


def last_own(session: Session, among: Sequence[Stretch], user_id: int) -> Message | None:
    """The newest message of a person in these stretches."""
    for stretch in reversed(among):
        query = select(Message).where(
            Message.sender_id == user_id, Message.id >= stretch.first, Message.id <= stretch.last
        )
        row = session.scalar(query.order_by(Message.id.desc()).limit(1))
        if row is not None:
            return row
    return None


def timezone(session: Session, place: Place) -> str | None:
    """The zone in which a place's days are counted: its person's, None for groups and where none is known."""
    of_place = (Conversation.chat_id == place.chat_id, Profile.timezone.is_not(None))
    return session.scalar(_zones().where(*of_place).limit(1))


def conversation_timezone(session: Session, no: int) -> str | None:
    """The same for a conversation."""
    return session.scalar(_zones().where(Conversation.no == no))


def _zones() -> Select[str | None]:
    return select(Profile.timezone).join(Conversation, Conversation.user_id == Profile.user_id)
