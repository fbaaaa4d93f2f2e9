"""Test data: made once, without a model, refused beside real people, and gone without a trace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.context.summarizer import due_summaries, periods
from bot.core.errors import Invalid
from bot.db.engine import Database
from bot.db.models import Base, Conversation, Erasure, Job, Memory, MemorySource, Message, Meta, User
from bot.memory.indexing import flush
from bot.memory.text import normal
from bot.services.erasure import Erasure as Erasing
from bot.services.testdata.making import CASTS, MARK, MOST_PEOPLE, Made
from bot.services.testdata.service import RealPeople, TestData
from bot.settings import Settings
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, PRIVATE, say, settle


class Words:
    """Counts words as tokens."""

    def count(self, text: str) -> int:
        return len(text.split())

    def count_messages(self, messages: object, tools: object = ()) -> int:
        raise NotImplementedError


def maker(database: Database, clock: ManualClock, folder: Path, *, rehearsal: bool = False) -> TestData:
    return TestData(database, clock, Words(), Erasing(database, clock, folder, 7), rehearsal=rehearsal)


def rows(session: Session) -> dict[str, int]:
    """How many rows each table holds; jobs and single values of the instance tell nothing of test data."""
    tables = [t for t in Base.metadata.sorted_tables if t.name not in (Job.__tablename__, Meta.__tablename__)]
    return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


async def test_it_is_made_once_and_leaves_nothing(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    test_data = maker(database, clock, folder)
    before = await database.read(rows)
    made = await test_data.create(3, 16)
    assert (made.users, made.messages) == (3, 48)
    assert made.facts > 6
    assert await test_data.create(3, 16) == Made()
    assert (await test_data.create(4, 16)).users == 1, "what is missing is made"

    def look(session: Session) -> None:
        marks = session.scalars(select(Conversation.meta)).all()
        assert marks == [MARK] * len(marks)
        assert {u.language_code for u in session.scalars(select(User))} == {"en", "uk", "ru"}
        assert not due_summaries(session, periods(Settings()), clock.now()), "they would cost something"
        for quote, content in session.execute(
            select(MemorySource.quote, Message.content).join(Message, Message.id == MemorySource.message_id)
        ):
            assert quote == content
        assert {m.tags[0] for m in session.scalars(select(Memory))} == {"test"}

    await database.read(look)
    chats = await database.read(lambda s: list(s.scalars(select(Conversation.chat_id))))
    await flush(database, chats)
    removed = await test_data.remove()
    assert (removed["users"], removed["messages"] + removed["replies"]) == (4, 64)
    assert await database.read(rows) == before
    assert await database.read(lambda s: list(s.scalars(select(Erasure)))) == []
    assert not folder.exists(), "no tombstones of people who never lived"
    assert await test_data.remove() == {}


async def test_it_stays_away_from_real_people(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, START), "I am here", START).id)
    with pytest.raises(RealPeople, match="real people"):
        await maker(database, clock, tmp_path).create()
    assert (await maker(database, clock, tmp_path, rehearsal=True).create(1, 4)).users == 1
    assert (await maker(database, clock, tmp_path).create(2, 4, force=True)).users == 1
    clock.advance(timedelta(days=1).total_seconds())
    await maker(database, clock, tmp_path).remove()
    left = await database.read(lambda s: list(s.scalars(select(Message.content))))
    assert left == ["I am here"]
    for users, messages in ((0, 20), (MOST_PEOPLE + 1, 20), (3, 1), (3, 501)):
        with pytest.raises(Invalid):
            await maker(database, clock, tmp_path).create(users, messages, force=True)


def test_facts_of_the_scripts_are_said_by_people() -> None:
    texts = set()
    for cast in CASTS:
        for talk in cast.talks:
            assert all(fact.line % 2 == 0 and fact.line < len(talk.lines) for fact in talk.facts)
            assert talk.facts
            texts |= {normal(line) for line in talk.lines}
        names = [name for name, _, _ in cast.people]
        assert len(names) == len(set(names)) == MOST_PEOPLE // len(CASTS)
    assert len(texts) == sum(len(talk.lines) for cast in CASTS for talk in cast.talks)
