"""The summary that a conversation carries of itself, and how far back its window may reach."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.db.clean import storable
from bot.db.models import Conversation, Job
from bot.db.repositories import talk

_IMPORTED = "imported_upto"
"""Where a conversation notes the number of the last message that was brought in from elsewhere."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a conversation's summary is to be renewed: numbers of messages, without texts."""

    next_seq: int
    message_count: int
    window_from_seq: int
    upto_seq: int
    summarised: bool
    private: bool
    """Incognito, cleared or deleted: nothing is made of it."""


def standing(session: Session, no: int) -> Standing | None:
    """Where a conversation stands now."""
    # Columns, not the row: counters move by UPDATE, behind the back of a row that the session knows already.
    row = session.execute(
        select(
            Conversation.next_seq, Conversation.message_count, Conversation.window_from_seq,
            Conversation.summary_upto_seq,
            (func.coalesce(Conversation.context_summary, "") != "").label("summarised"),
            Conversation.incognito, Conversation.status, Conversation.cleared_at,
        ).where(Conversation.no == no)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    closed = row.incognito or row.status == "deleted" or row.cleared_at is not None
    return Standing(*row[:5], private=closed)


def narrow(session: Session, no: int, window_from_seq: int) -> None:
    """Messages before this number leave the window for good; they stay stored and searchable."""
    session.execute(
        update(Conversation)
        .where(Conversation.no == no, Conversation.window_from_seq < window_from_seq)
        .values(window_from_seq=window_from_seq)
        .execution_options(synchronize_session=False)
    )


def text_of(session: Session, no: int) -> str:
    """The present summary; empty where there is none."""
    return session.scalar(select(Conversation.context_summary).where(Conversation.no == no)) or ""


def write_on(session: Session, no: int, before: tuple[str, int], after: tuple[str, int]) -> bool:
    """Replace text and last number by the next ones; False when it went another way meanwhile."""
    row = session.get(Conversation, no, with_for_update=True, populate_existing=True)
    if row is None or row.incognito or row.status == "deleted" or row.cleared_at is not None:
        return False
    if (row.context_summary or "", row.summary_upto_seq) != before:
        return False
    row.context_summary, row.summary_upto_seq = storable(after[0]) or None, after[1]
    return True


def lane(no: int) -> str:
    """The lane of the jobs that write a conversation's summary."""
    return f"summary:conversation:{no}"


def leave_out(row: Conversation, upto_seq: int) -> None:
    """Messages up to this number came from elsewhere: it is nobody's wish that a model be paid for them.

    They are searched and recalled, but never summed up, also when the summary is made anew.
    """
    talk.keep_note(row, _IMPORTED, upto_seq)
    row.summary_upto_seq = max(row.summary_upto_seq, upto_seq)


def left_out(row: Conversation) -> int:
    """Up to which number messages are never summed up; 0 where nothing was brought in."""
    found = talk.note_of(row, _IMPORTED)
    return found if isinstance(found, int) else 0


def forget(session: Session, no: int) -> None:
    """Take a conversation's summary away, also one that is being written; made anew of what is left."""
    # The jobs first: one that is storing its text holds its row until that can be seen here.
    session.execute(delete(Job).where(Job.lane == lane(no)).execution_options(synchronize_session=False))
    row = session.get(Conversation, no, with_for_update=True, populate_existing=True)
    if row is not None:
        row.context_summary, row.summary_upto_seq = None, left_out(row)
        session.flush()
