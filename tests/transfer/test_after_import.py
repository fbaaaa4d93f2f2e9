"""What the running bot makes of a past that came in: it is found, and no model is paid for it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.context.summarizer import due_summaries, periods
from bot.context.summary_running import due_after_turn
from bot.db.engine import Database
from bot.db.models import ChatMember, Conversation, ExtractionMark, Message
from bot.db.repositories import extraction, people, purging, running_summaries, summary_sources
from bot.db.repositories.summaries import Place
from bot.memory.extraction import find_due
from bot.memory.indexing import FLUSHED, flush, index_overdue
from bot.services.transfer.telegram_import import TelegramPast
from bot.settings import Settings
from tests.support.clock import ManualClock
from tests.support.people import ANN, say, settle
from tests.transfer.past import message, result
from tests.transfer.test_telegram_past import GROUP, Letters

YEAR = timedelta(days=365)
MANY = 2600


def export(messages: int = MANY) -> bytes:
    """A past of so many messages, each of enough words to be read for facts."""
    words = "and there is much to be said about it " * 3
    return result(message(n, f"word {n} {words}", 101 + n % 2) for n in range(1, messages + 1))


class Killed(BaseException):
    """The process dies."""


async def bring(database: Database, clock: ManualClock, data: bytes, *, die_at: int = 0) -> Any:
    async def told(_at: int, messages: int) -> None:
        if die_at and messages >= die_at:
            raise Killed

    return await TelegramPast(database, clock, Letters(), None).read(io.BytesIO(data), told, GROUP)


def everything(session: Session) -> Sequence[Message]:
    return session.scalars(select(Message).order_by(Message.id)).all()


async def test_no_model_is_paid_for_it(database: Database, clock: ManualClock) -> None:
    clock.advance(YEAR.total_seconds())
    await database.write(lambda s: say(s, settle(s, ANN, GROUP, clock.now()), "hello", clock.now()).id)
    await bring(database, clock, export())
    settings = Settings(access="open")
    later = clock.now() + timedelta(days=40)

    def unit(session: Session) -> None:
        (row,) = session.scalars(select(Conversation))
        assert (row.message_count, row.next_seq) == (MANY + 1, MANY + 2)
        jobs = due_summaries(session, periods(settings), clock.now())
        assert len(jobs) == 2, "the last days are summed up, as everywhere"
        place = Place(row.chat_id)
        days = summary_sources.stretches(session, place, clock.now() - timedelta(days=30), later)
        assert [said.text for said in summary_sources.said(session, days, 0, 9)] == ["hello"]
        assert due_summaries(session, periods(settings), later) == []
        assert find_due(session, later) == []
        assert session.scalar(select(func.count()).select_from(ExtractionMark)) == 0
        # A turn later: the window is narrowed, and the summary has nothing to tell of.
        for _ in range(2):
            due = due_after_turn(session, row.no, row.next_seq - 100, settings)
            assert all(job.payload["upto"] <= MANY for job in due)
            standing = running_summaries.standing(session, row.no)
            assert standing is not None
            assert standing.upto_seq == MANY
            running_summaries.forget(session, row.no)
        assert purging.holding_old(session, clock.now() - YEAR, 0, 9) == [], "it is as new as its coming"
        # Whoever is heard of only in the file is nobody who may recall what is said there.
        gone = session.scalars(select(ChatMember.user_id).where(ChatMember.left_at.is_not(None))).all()
        assert len(gone) == 2
        here = settle(session, ANN, GROUP, clock.now())
        people.seen_in(session, here.chat, here.user, clock.now())
        session.flush()
        assert session.get_one(ChatMember, (here.chat.id, here.user.id)).left_at is None
        # What they say from now on is read, and only that.
        new = say(session, here, "a new word", clock.now(), token_count=600)
        extraction.note_said(session, new, row, here.user.id)
        (job,) = find_due(session, clock.now())
        assert job.payload["after"] == new.id - 1

    await database.write(unit)


async def test_a_search_does_not_wait_for_all_of_it(sqlite_database: Database, clock: ManualClock) -> None:
    await bring(sqlite_database, clock, export())
    (chat,) = await sqlite_database.read(lambda s: s.scalars(select(Conversation.chat_id)).all())
    assert await flush(sqlite_database, [chat]) == FLUSHED
    assert await index_overdue(sqlite_database, clock, 100) == MANY - FLUSHED
    assert await flush(sqlite_database, [chat]) == 0


async def test_killed_in_the_middle_and_begun_again(database: Database, clock: ManualClock) -> None:
    data = export()
    with pytest.raises(Killed):
        await bring(database, clock, data, die_at=1000)
    assert 0 < len(await database.read(everything)) < MANY
    await database.write(
        lambda s: say(s, settle(s, ANN, GROUP, clock.now()), "said meanwhile", clock.now()).id
    )
    done = await bring(database, clock, data)
    assert (done.added + done.known, done.known > 0) == (MANY, True)
    rows = await database.read(everything)
    assert [row.content.split(" and ")[0] for row in rows] == [
        *(f"word {n}" for n in range(1, MANY + 1)), "said meanwhile",
    ]  # fmt: skip
    assert all(one.id + 1 == other.id for one, other in pairwise(rows))
    (conversation,) = await database.read(lambda s: s.scalars(select(Conversation)).all())
    assert (conversation.status, conversation.message_count) == ("active", MANY + 1)
