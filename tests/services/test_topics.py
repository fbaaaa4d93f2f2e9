"""Popular topics: words of the last month that several people used, and of nobody who is hidden or erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.repositories import people, topics
from bot.memory.topics import MOST_TERMS, TopicCounter, topic_words
from bot.services.erasure import Erasure
from bot.services.topics import DAYS, JOB, PopularTopics, shown
from tests.support.clock import START, ManualClock
from tests.support.people import say, settle

CROWD = [Person(str(900 + n), f"P{n}") for n in range(4)]


async def _said(database: Database, who: int, text: str, at: datetime = START, **more: Any) -> None:
    hidden, application = more.pop("incognito", False), more.pop("application", None)

    def unit(session: Session) -> None:
        person = CROWD[who]
        place = settle(session, person, ChatRef(person.external_id, "private"), at)
        place.conversation.incognito, place.conversation.application = hidden, application
        expires = more.pop("expires_at", None)
        say(session, place, text, at, **more).expires_at = expires

    await database.write(unit)


async def _counted(database: Database, clock: ManualClock, application: str | None = None) -> dict[str, int]:
    service = PopularTopics(database, clock)
    clock.advance(3600)
    jobs = await database.write(lambda s: service.due(s, clock.now()))
    assert [job.kind for job in jobs] == [JOB]
    await service.count(ClaimedJob(1, JOB, "background", "statistics", {}, 1, None, clock.now()))
    found = await database.read(lambda s: shown(s, application))
    return {topic.word: topic.messages for topic in found}


async def test_words_of_three_people_in_their_most_used_form(database: Database, clock: ManualClock) -> None:
    await _said(database, 1, "dog", START - timedelta(days=DAYS + 1))
    await _said(database, 0, "I want to walk my dogs, and the dogs of my aunt")
    await _said(database, 1, "Dogs? Thanks, I have no time for dogs.")
    await _said(database, 2, "One dog, 25 cats: https://dogs.example/cats")
    await _said(database, 0, "Моя собака любит каву, привіт!")
    for who in (1, 2, 3):
        await _said(database, who, "Дякую, собаку я вчера")
    await _said(database, 0, "/remember собаки", START)
    await _said(database, 1, "dog", START, direction="outgoing", sender_id=None)
    await _said(database, 1, "dog", START, forwarded_from="A channel")
    await _said(database, 3, "dog", START, expires_at=START + timedelta(minutes=5))
    assert await _counted(database, clock) == {"собаку": 4, "dogs": 3}
    await _said(database, 3, "A dog again", clock.now())
    assert (await _counted(database, clock))["dog"] == 4, "of two forms used alike the shorter"
    clock.advance(86_400 * DAYS)
    assert await _counted(database, clock) == {}


async def test_incognito_counts_for_nothing_and_an_application_has_its_own(
    database: Database, clock: ManualClock
) -> None:
    for who in range(3):
        await _said(database, who, "docker", application="shop")
    await _said(database, 3, "docker", incognito=True)
    assert await _counted(database, clock) == {"docker": 3}
    assert {t.word for t in await database.read(lambda s: shown(s, "shop"))} == {"docker"}
    assert await database.read(lambda s: shown(s, "rival")) == []
    await _said(database, 2, "x", incognito=True)
    assert await _counted(database, clock) == {}


async def test_whoever_is_erased_is_in_no_topic_at_once(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    for who in range(3):
        await _said(database, who, "docker compose")
    for who in range(1, 4):
        await _said(database, who, "kubernetes")
    assert await _counted(database, clock) == {"docker": 3, "compose": 3, "kubernetes": 3}
    before = await database.read(topics.kept)
    await Erasure(database, clock, tmp_path, 7).erase(CROWD[0])
    assert await database.read(lambda s: shown(s, None)) == []
    stale = await database.write(lambda s: topics.keep(s, before, clock.now()))
    assert not stale, "a count that began before must not bring them back"
    assert await _counted(database, clock) == {"kubernetes": 3}


async def test_a_chat_that_speaks_is_nobody(database: Database, clock: ManualClock) -> None:
    await _said(database, 0, "docker")
    await _said(database, 1, "docker")

    def channel(session: Session) -> None:
        ref = ChatRef("-100", "supergroup", "News")
        place = settle(session, people.chat_person("-100", "News"), ref, START)
        say(session, place, "docker", START)

    await database.write(channel)
    assert await _counted(database, clock) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't forget Ann's dog's bone, it's O'Neill", {"forget", "ann", "dog", "bone", "o'neill"}),
        ("Що там із сім'єю? М’ята, 12 разів @bob", {"сім'єю", "м'ята"}),
        ("Comment tu vas avec mon vélo dans la rue", {"comment", "vas", "vélo", "rue"}),
        ("C++ and C# in 2024, 東京", {"c++"}),
        ("/stats dogs", set()),
    ],
)
def test_words_that_mean_something(text: str, words: set[str]) -> None:
    assert set(topic_words(text).values()) == words


def test_rare_words_are_let_go_before_frequent_ones() -> None:
    counter = TopicCounter()
    for number in range(2 * MOST_TERMS):
        counter.add(number, {f"rare{number}": "rare"} | ({"dog": "dog"} if number % 100 == 0 else {}))
    [topic] = counter.top(5)
    assert (topic.word, topic.messages) == ("dog", 2 * MOST_TERMS // 100)
