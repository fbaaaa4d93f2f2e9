"""Starting anew: one active conversation, the old one archived, nothing behind a cleared one."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.db.models import Conversation, Memory, Summary
from bot.db.repositories.turn_view import ViewLimits, load_for_chat
from bot.memory import facts
from bot.services.conversations import Conversations
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, GROUP, say, settle


async def conversations(database: Database) -> list[tuple[str, str | None, bool]]:
    query = select(Conversation).order_by(Conversation.no)
    found = await database.read(lambda s: s.scalars(query).all())
    return [(row.status, row.title, row.cleared_at is not None) for row in found]


def live(session: Session) -> None:
    place = settle(session, ANN, GROUP, START)
    message = say(session, place, "hello", START)
    facts.save(session, place.scope, facts.NewFact("likes tea", "other", "q", message.id), 50, START)
    for topic in (0, 3):
        session.add(
            Summary(
                chat_id=place.chat.id, topic_id=topic, kind="recent", text="s", token_count=1, model="m",
                period_start=START, period_end=START, cursor_at=START, created_at=START,
            )
        )  # fmt: skip


async def test_new_archives_and_keeps_the_summaries(database: Database, clock: ManualClock) -> None:
    service = Conversations(database, clock)
    assert not await service.start_new(GROUP, ANN, None), "there was nothing to archive"
    await database.write(live)
    assert await service.start_new(GROUP, ANN, "Plans\nfor  spring" + "x" * 300)
    [*old, (status, title, cleared)] = await conversations(database)
    assert old == [("archived", None, False)]
    assert (status, cleared) == ("active", False)
    assert title is not None
    assert title.startswith("Plans for spring")
    assert len(title) == 255
    assert not await service.start_new(GROUP, ANN, None), "an empty one is no loss"
    view = await database.read(lambda s: load_for_chat(s, GROUP, ANN, ViewLimits(START)))
    assert (len(view.history), len(view.summaries), len(view.facts)) == (0, 1, 1)


async def test_clear_takes_the_summaries_along_and_leaves_the_facts(
    database: Database, clock: ManualClock
) -> None:
    await database.write(live)
    assert await Conversations(database, clock).clear(GROUP, ANN)
    assert await conversations(database) == [("archived", None, True), ("active", None, False)]
    view = await database.read(lambda s: load_for_chat(s, GROUP, ANN, ViewLimits(START)))
    assert (view.history, view.summaries, view.context_summary) == ((), (), None)
    assert len(view.facts) == 1
    assert len(await database.read(lambda s: s.scalars(select(Summary)).all())) == 1, "another topic's"
    assert len(await database.read(lambda s: s.scalars(select(Memory)).all())) == 1


async def test_parallel_starts_leave_one_active(database: Database, clock: ManualClock) -> None:
    service = Conversations(database, clock)
    await database.write(live)
    await asyncio.gather(*(service.start_new(GROUP, ANN, f"t{n}") for n in range(8)))
    assert [status for status, *_ in await conversations(database)].count("active") == 1
