"""What somebody missed: since when, of what, in which language, and nothing of what is not theirs to read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app.summaries import make_catch_ups
from bot.context.summary_catch_up import CatchUp, CatchUps
from bot.core.errors import LLMError, NotAllowed
from bot.core.messages import Person
from bot.db.models import UsageRow, User
from bot.db.repositories import people
from tests.summaries.town import (
    DAY,
    MARK,
    House,
    content_of,
    house,
    keeper,
    notes_of,
    system_of,
    talk_much,
    transcript_of,
)
from tests.support.clock import START, ManualClock
from tests.support.llm_server import ScriptedLLM, Text
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

TOPIC = replace(GROUP, topic_id=7)
STRANGER = Person("999", "Eve", language_code="en")


@pytest.fixture
async def home(
    sqlite_database_url: str, tmp_path: Path, llm: ScriptedLLM, clock: ManualClock
) -> AsyncIterator[House]:
    """The product with a small context; nobody has said anything yet."""
    async with house(
        sqlite_database_url, tmp_path, llm, clock, working=False, context_max_tokens=2000
    ) as running:
        yield running


@pytest.fixture
def desk(home: House) -> CatchUps:
    """The service as the product makes it."""
    return make_catch_ups(home.app)


async def group(home: House, *, ann: int = 2, more: int = 3, words: str = "") -> None:
    """Bob talks all the time, a message a minute; Ann is there at the `ann`-th minute, then she goes."""

    def unit(session: Session) -> None:
        bob, here = settle(session, BOB, GROUP, START), settle(session, ANN, GROUP, START)
        people.seen_in(session, bob.chat, bob.user, START)
        people.seen_in(session, here.chat, here.user, START)
        said = [(START + timedelta(minutes=n), bob, f"FACT-{n}-Bob {words}") for n in range(ann)]
        said.append((START + timedelta(minutes=ann), here, "FACT-77-Ann"))
        said += [
            (START + timedelta(minutes=n), bob, f"FACT-{n}-Bob {words}")
            for n in range(ann + 1, ann + 1 + more)
        ]
        talk_much(session, bob, said)

    await home.app.database.write(unit)
    home.clock.advance(86400)


def told(home: House) -> list[str]:
    return [m for r in home.llm.requests for line in transcript_of(r.body) for m in MARK.findall(line)]


async def test_it_tells_what_came_after_ones_own_last_message(home: House, desk: CatchUps) -> None:
    home.llm.default(lambda _: Text("**Trip:** Bob goes to Lviv."))
    await group(home)
    found = await desk.catch_up(replace(ANN, language_code="uk"), GROUP)
    assert found == CatchUp(START + timedelta(minutes=2), home.clock.now(), 3, "**Trip:** Bob goes to Lviv.")
    assert told(home) == ["FACT-3-Bob", "FACT-4-Bob", "FACT-5-Bob"]
    system = system_of(home.llm.requests[0].body)
    assert "Write in Ukrainian" in system
    assert "one for each topic" in system
    (row,) = await home.app.database.read(
        lambda s: s.execute(
            select(UsageRow.purpose, User.first_name).join(User, User.id == UsageRow.user_id)
        ).all()
    )
    assert tuple(row) == ("catch_up", "Ann")


async def test_since_a_moment_and_at_most_a_month(home: House, desk: CatchUps) -> None:
    home.llm.default(keeper)
    await group(home)
    await desk.catch_up(ANN, GROUP, START + timedelta(minutes=4))
    assert told(home) == ["FACT-4-Bob", "FACT-5-Bob"]
    found = await desk.catch_up(ANN, GROUP, START - 90 * DAY)
    assert found.since == home.clock.now() - 30 * DAY
    assert found.messages == 6


async def test_nothing_new_is_said_without_a_call(home: House, desk: CatchUps) -> None:
    await group(home, more=0)
    assert (await desk.catch_up(ANN, GROUP)).messages == 0

    def bot_answers(session: Session) -> None:
        say(
            session,
            settle(session, ANN, GROUP, START),
            "Here!",
            START + DAY / 2,
            direction="outgoing",
            sender_id=None,
        )

    await home.app.database.write(bot_answers)
    found = await desk.catch_up(ANN, GROUP)
    assert (found.messages, found.text) == (0, "")
    assert (await desk.catch_up(ANN, replace(GROUP, external_id="-5"), present=True)).text == ""
    assert home.llm.requests == []


async def test_only_members_learn_of_a_group_and_nobody_of_a_private_chat(
    home: House, desk: CatchUps
) -> None:
    home.llm.default(keeper)
    await group(home)

    def unit(session: Session) -> None:
        private, topic = settle(session, ANN, PRIVATE, START), settle(session, BOB, TOPIC, START)
        say(session, private, "FACT-50-Ann", START + DAY / 2)
        say(session, topic, "FACT-51-Bob", START + DAY / 2)
        bob = settle(session, BOB, GROUP, START)
        people.left(session, bob.chat, bob.user, START)

    await home.app.database.write(unit)
    for person in (STRANGER, BOB):
        with pytest.raises(NotAllowed):
            await desk.catch_up(person, GROUP, START)
        assert (await desk.catch_up(person, PRIVATE, START)).messages == 0
    assert home.llm.requests == []
    await desk.catch_up(STRANGER, GROUP, present=True)
    assert told(home) == ["FACT-0-Bob", "FACT-1-Bob", "FACT-77-Ann", "FACT-3-Bob", "FACT-4-Bob", "FACT-5-Bob"]
    await desk.catch_up(ANN, TOPIC)
    assert told(home)[6:] == ["FACT-51-Bob"]


async def test_much_is_told_through_chunks(home: House, desk: CatchUps) -> None:
    home.llm.default(keeper)
    await group(home, more=120, words="and so on " * 20)
    found = await desk.catch_up(ANN, GROUP)
    assert found.messages == 120
    assert sorted(told(home)) == sorted(f"FACT-{n}-Bob" for n in range(3, 123))
    assert all(home.app.tokens.count_messages(r.body["messages"]) <= 2000 for r in home.llm.requests)
    last = home.llm.requests[-1].body
    assert "one for each topic" in system_of(last)
    assert "FACT-122-Bob" in content_of(last)
    assert notes_of(last)


async def test_a_useless_answer_is_asked_for_once_more(home: House, desk: CatchUps) -> None:
    await group(home)
    home.llm.script(Text("I'm sorry, I can't help with that."), Text("Bob told three facts."))
    assert (await desk.catch_up(ANN, GROUP)).text == "Bob told three facts."
    home.llm.script(Text("Too long", finish="length"), Text("I cannot do that."))
    with pytest.raises(LLMError):
        await desk.catch_up(ANN, GROUP)
    assert await home.app.database.read(lambda s: s.query(UsageRow).count()) == 4


async def test_what_was_cleared_is_not_told(home: House, desk: CatchUps) -> None:
    await group(home)
    await home.app.conversations.clear(GROUP, BOB)
    assert (await desk.catch_up(ANN, GROUP)).messages == 0
