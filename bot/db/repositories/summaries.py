"""The summaries of chats and topics: which fall due, how one takes the place of the last, when they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from bot.core.ids import SEQ_BITS
from bot.core.jobs import NewJob
from bot.db.clean import storable
from bot.db.models import Conversation, Job, Message, Summary
from bot.db.upsert import insert_new

JOB = "summary.period"

_UNFINISHED: ColumnElement[bool] = Job.status.in_((literal_column("'queued'"), literal_column("'running'")))
"""With literals: only so do the planners use the partial index over unfinished jobs."""


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of summary: the days that it covers, the days between two of its runs, its length in tokens."""

    kind: str
    covers: timedelta
    interval: timedelta
    tokens: int


@dataclass(frozen=True, slots=True)
class Place:
    """What has summaries of its own: a chat, or a topic of it; `topic_id` 0 where there is none."""

    chat_id: int
    topic_id: int = 0

    def lane(self, kind: str) -> str:
        """The lane of the jobs that make one kind of summary for this place."""
        return f"summary:{kind}:{self.chat_id}:{self.topic_id}"


@dataclass(frozen=True, slots=True)
class NewSummary:
    """A finished summary, made by `model`; it covers `start` to `end`."""

    kind: str
    text: str
    token_count: int
    start: datetime
    end: datetime
    model: str


topic_of: ColumnElement[int] = func.coalesce(Conversation.topic_id, 0)


def readable() -> ColumnElement[bool]:
    """Whether a conversation may be summarised at all: not deleted, not cleared, not incognito."""
    return and_(
        Conversation.status.in_(("active", "archived")),
        Conversation.deleted_at.is_(None),
        Conversation.cleared_at.is_(None),
        Conversation.incognito.is_(False),
    )


def last_cleared(session: Session, place: Place) -> datetime | None:
    """When the place was last cleared and has stayed so; older talk is summarised no more."""
    return session.scalar(
        select(func.max(Conversation.cleared_at)).where(
            Conversation.chat_id == place.chat_id, topic_of == place.topic_id
        )
    )


def find(session: Session, place: Place, kind: str) -> Summary | None:
    """The present summary of a place."""
    return session.scalar(
        select(Summary).where(
            Summary.chat_id == place.chat_id, Summary.topic_id == place.topic_id, Summary.kind == kind
        )
    )


def due(session: Session, period: Period, now: datetime, limit: int) -> list[NewJob]:
    """The first jobs of the runs that are due now, the longest overdue first, by one query.

    A place is due when something was said since its last run, and that run (or the first message) is an
    interval ago. A run that failed for good is due again after another interval. Nothing is due where the
    last run is still under way.
    """
    began = func.min(func.coalesce(Summary.cursor_at, _first_message())).label("began")
    lane = _lane(period.kind)
    under_way = exists().where(Job.lane == lane, _UNFINISHED)
    of_place = and_(
        Summary.chat_id == Conversation.chat_id, Summary.topic_id == topic_of, Summary.kind == period.kind
    )
    new = or_(Summary.cursor_at.is_(None), Conversation.last_message_at > Summary.cursor_at)
    query = (
        select(Conversation.chat_id, topic_of.label("topic_id"), began)
        .outerjoin(Summary, of_place)
        .where(Conversation.last_message_at > now - period.covers, readable(), new)
        .where(~_behind_a_clear(), ~under_way)
        .group_by(Conversation.chat_id, topic_of)
        .having(began <= now - period.interval)
        .order_by(began)
        .limit(limit)
    )
    return [
        _first_job(Place(row.chat_id, row.topic_id), period, row.began, now) for row in session.execute(query)
    ]


def _first_message() -> ColumnElement[datetime]:
    first = Conversation.no * (1 << SEQ_BITS)
    return (
        select(Message.sent_at)
        .where(Message.id >= first, Message.id < first + (1 << SEQ_BITS))
        .order_by(Message.id)
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _lane(kind: str) -> ColumnElement[str]:
    chat, topic = cast(Conversation.chat_id, String), cast(topic_of, String)
    return literal(f"summary:{kind}:").concat(chat).concat(literal(":")).concat(topic)


def _behind_a_clear() -> ColumnElement[bool]:
    """Whether all of an archived conversation lies before the last /clear of its place."""
    later = aliased(Conversation)
    return and_(
        Conversation.status == "archived",
        exists().where(
            later.chat_id == Conversation.chat_id,
            func.coalesce(later.topic_id, 0) == topic_of,
            later.cleared_at >= Conversation.last_message_at,
        ),
    )


def _first_job(place: Place, period: Period, began: datetime, now: datetime) -> NewJob:
    intervals = (now - began) // period.interval
    key = f"{place.lane(period.kind)}:{int(began.timestamp())}:{intervals}"
    payload = {"kind": period.kind, "chat_id": place.chat_id, "topic_id": place.topic_id, "key": key}
    return NewJob(JOB, "background", place.lane(period.kind), payload, key)


def replace(session: Session, place: Place, new: NewSummary, now: datetime) -> bool:
    """Put a summary in the place of the last one; False when that is a later one."""
    values = {
        "text": storable(new.text), "token_count": new.token_count, "period_start": new.start,
        "period_end": new.end, "cursor_at": new.end, "model": new.model, "created_at": now,
    }  # fmt: skip
    key = {"chat_id": place.chat_id, "topic_id": place.topic_id, "kind": new.kind}
    if insert_new(session, Summary, [key | values], ["chat_id", "topic_id", "kind"]):
        return True
    row = session.scalar(select(Summary).filter_by(**key).with_for_update())
    if row is None or row.period_end >= new.end:
        return False
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return True


def forget_older(session: Session, cutoff: datetime) -> None:
    """Forget the summaries that tell of a time before `cutoff`; they are made again of what came later."""
    stale = session.scalars(select(Summary).where(Summary.period_start < cutoff).with_for_update()).all()
    for row in stale:
        lane = Place(row.chat_id, row.topic_id).lane(row.kind)
        # Its jobs' dedup keys would say that it was made already.
        session.execute(
            delete(Job).where(Job.lane == lane, ~_UNFINISHED).execution_options(synchronize_session=False)
        )
        session.delete(row)
    session.flush()


def went_on(session: Session, dedup_key: str) -> bool:
    """Whether the next job of a chain was made already."""
    return session.scalar(select(Job.id).where(Job.dedup_key == dedup_key)) is not None


def held(session: Session, job_id: int) -> bool:
    """Whether a running job is still wanted; it stays so until the commit."""
    return session.scalar(select(Job.id).where(Job.id == job_id).with_for_update()) is not None


def restart(session: Session, chat_id: int, topic_id: int | None = None) -> None:
    """Forget the summaries of a topic, or of the whole chat, and end what is being made of them.

    For whatever takes away what they may hold: a /clear, a deleted conversation, an erased person. Of a whole
    chat also the dead letters go, and the summaries are made again at the next look.
    """
    mine = [Summary.chat_id == chat_id]
    going = [Job.lane.startswith(f"summary:{kind}:{chat_id}:") for kind in KINDS]
    if topic_id is not None:
        mine.append(Summary.topic_id == topic_id)
        going = [and_(Job.lane == Place(chat_id, topic_id).lane(kind), _UNFINISHED) for kind in KINDS]
    # The jobs first: one that is storing its result holds its row until that can be seen here.
    for some in going:
        session.execute(delete(Job).where(some).execution_options(synchronize_session=False))
    session.execute(delete(Summary).where(*mine).execution_options(synchronize_session=False))


KINDS = ("recent", "long")
