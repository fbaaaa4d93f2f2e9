"""The conversations of a place: listed, opened, named, archived, deleted; a clearing and its end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Conversation, DialogueState
from bot.db.repositories import conversations as rows
from bot.db.repositories import dialogue, talk
from bot.db.repositories.recall import places
from bot.memory.recall import Recall
from bot.services.conversations import Conversations
from bot.services.incognito import Incognito
from bot.services.titles import made
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

BOBS = ChatRef("102", "private")


async def talked(database: Database, clock: ManualClock, *texts: str) -> Conversations:
    """Ann's private conversations, one a text; the last one is active."""
    service = Conversations(database, clock, Recall(database))
    for number, text in enumerate(texts):
        if number:
            await service.start_new(PRIVATE, ANN, None)
        clock.advance(60)
        await database.write(partial(_say, text, clock.now()))
    return service


def _say(text: str, now: datetime, session: Session) -> None:
    say(session, settle(session, ANN, PRIVATE, now), text, now)


async def listed(service: Conversations, person: Person = ANN, chat: ChatRef = PRIVATE) -> list[str]:
    page = await service.page(chat, person, 0)
    return [f"{'>' if item.active else ''}{item.title}" for item in page.items]


async def test_pages_and_opening(database: Database, clock: ManualClock) -> None:
    service = await talked(database, clock, *(f"Tell me about topic {n}" for n in range(6)))
    assert (await listed(service))[:2] == [">Tell me about topic 5", "Tell me about topic 4"]
    page = await service.page(PRIVATE, ANN, 9)
    assert (page.page, page.pages, page.total, len(page.items)) == (1, 2, 6, 1)
    [first] = page.items
    opened = await service.open(PRIVATE, ANN, first.no)
    assert opened is not None
    assert opened.active
    assert (await listed(service))[:2] == [">Tell me about topic 0", "Tell me about topic 5"]
    active = await database.read(lambda s: talk.find_active(s, "tg:101:u101"))
    assert active is not None
    assert active.no == first.no, "the next message goes there"
    again = await service.open(PRIVATE, ANN, first.no)
    assert again is not None
    assert again.active


async def test_what_is_not_the_places_is_unknown(database: Database, clock: ManualClock) -> None:
    service = await talked(database, clock, "My secret plan for spring")
    [item] = (await service.page(PRIVATE, ANN, 0)).items
    await database.write(lambda s: settle(s, BOB, BOBS, START))
    await database.write(lambda s: settle(s, BOB, GROUP, START))
    for chat, person in ((BOBS, BOB), (GROUP, BOB), (GROUP, ANN), (PRIVATE, BOB)):
        assert "My secret plan for spring" not in " ".join(await listed(service, person, chat))
        assert await service.get(chat, person, item.no) is None
        assert await service.open(chat, person, item.no) is None
        assert await service.rename(chat, person, item.no, "mine") is None
        assert await service.archive(chat, person, item.no) is None
        assert await service.delete(chat, person, item.no) is None
        assert (await service.find(chat, person, "spring")).total == 0
    assert await listed(service) == [">My secret plan for spring"]


async def test_words_name_delete(database: Database, clock: ManualClock) -> None:
    service = await talked(
        database, clock, "A recipe for borscht please", "Volcanoes erupt. Why is that?", "And something else"
    )
    [found] = (await service.find(PRIVATE, ANN, "recipes")).items
    assert found.title == "A recipe for borscht please"
    renamed = await service.rename(PRIVATE, ANN, found.no, "Soups\nof  mine")
    assert renamed is not None
    assert renamed.title == "Soups of mine"
    assert [item.no for item in (await service.find(PRIVATE, ANN, "SOUPS")).items] == [found.no]
    assert await service.delete(PRIVATE, ANN, found.no) is not None
    assert (await service.find(PRIVATE, ANN, "recipes")).total == 0
    assert await service.open(PRIVATE, ANN, found.no) is None
    assert "Soups of mine" not in await listed(service)
    [active] = [i for i in (await service.page(PRIVATE, ANN, 0)).items if i.active]
    assert await service.archive(PRIVATE, ANN, active.no) is not None
    assert await database.read(lambda s: talk.find_active(s, "tg:101:u101")) is None


async def test_a_clearing_reaches_back_and_ends_when_opened(database: Database, clock: ManualClock) -> None:
    service = await talked(database, clock, "First of all, volcanoes", "Second of all, borscht")
    scope = Scope(1, 1, True)
    await database.write(
        lambda s: dialogue.put(s, scope, "x", {}, clock.now(), clock.now() + timedelta(hours=1))
    )
    clock.advance(60)
    assert await service.clear(PRIVATE, ANN)
    assert await database.read(lambda s: s.scalar(select(DialogueState.id))) is None
    one, two = (await database.read(lambda s: places(s, scope))).hidden
    assert not (await database.read(lambda s: places(s, scope, cleared=True))).hidden
    assert not await service.clear(PRIVATE, ANN), "there is nothing more to clear"
    items = (await service.page(PRIVATE, ANN, 0)).items
    assert [item.cleared for item in items] == [False, True, True]
    await service.open(PRIVATE, ANN, one)
    assert (await database.read(lambda s: places(s, scope))).hidden == {two}


async def test_incognito_is_never_listed_and_ends_with_opening(
    database: Database, clock: ManualClock
) -> None:
    service = await talked(database, clock, "An ordinary conversation here")
    [item] = (await service.page(PRIVATE, ANN, 0)).items
    await Incognito(database, clock).toggle(PRIVATE, ANN, "1")
    assert await listed(service) == ["An ordinary conversation here"]
    await service.open(PRIVATE, ANN, item.no)
    assert await listed(service) == [">An ordinary conversation here"]
    status = select(Conversation.status).where(Conversation.incognito)
    assert await database.read(lambda s: s.scalar(status)) == "deleted"


async def test_opening_at_the_same_moment_leaves_one_active(database: Database, clock: ManualClock) -> None:
    service = await talked(database, clock, *(f"Tell me about topic {n}" for n in range(4)))
    numbers = [item.no for item in (await service.page(PRIVATE, ANN, 0)).items]
    later = clock.now()
    await asyncio.gather(
        *(service.open(PRIVATE, ANN, no) for no in numbers * 2),
        *(database.write(lambda s: settle(s, ANN, PRIVATE, later)) for _ in range(4)),
    )
    active = [item for item in (await service.page(PRIVATE, ANN, 0)).items if item.active]
    assert len(active) == 1


async def test_one_that_made_room_goes_on(database: Database, clock: ManualClock) -> None:
    await talked(database, clock, "A long conversation with the bot")
    assert await database.read(lambda s: rows.over(s, 0, 10)) == [1]
    assert await database.write(lambda s: rows.make_room(s, 1, 0, clock.now())) == 1
    place = await database.write(lambda s: settle(s, ANN, PRIVATE, clock.now()))
    assert (place.conversation.message_count, place.conversation.meta) == (1, {})


@pytest.mark.parametrize(
    ("first_words", "title"),
    [
        ([], None),
        (["/start", ""], None),
        (["Привет!"], None),
        (["Привіт!", "Як справи?", "Розкажи про вулкани Ісландії"], "Розкажи про вулкани Ісландії"),
        (["Добрий день! Підкажіть, як приготувати борщ?"], "Підкажіть, як приготувати борщ?"),
        (["Здравствуйте, какая завтра погода во Львове?"], "Какая завтра погода во Львове?"),
        (["👋 Hello, Mnema!", "Борщ"], "Борщ"),
        (["Hi! How are you? I need a plan for Rome."], "I need a plan for Rome"),
        (["Hello World in C, please"], "Hello World in C, please"),
        (["Hi-fi speakers hum at night"], "Hi-fi speakers hum at night"),
        (["Як ти приготуєш борщ?"], "Як ти приготуєш борщ?"),
        (["Дякую!", "ok"], None),
        (["привет как дела"], None),
        (["Привіт розкажи казку"], "Розкажи казку"),
        (["Hi", "Can you help me with my CV? It is old."], "Can you help me with my CV?"),
        (["Ok. Now tell me about volcanoes"], "Now tell me about volcanoes"),
        (["word " * 40], ("word " * 12)[:59].rstrip() + "…"),
        (["你好，请介绍一下火山"], "你好，请介绍一下火山"),
    ],
)
def test_titles(first_words: list[str], title: str | None) -> None:
    assert made(first_words) == title


def test_where_people_only_greeted_the_answer_gives_the_title() -> None:
    assert made(["Привіт!"], ["Привіт, Оксано! Чим можу допомогти?"]) is None
    assert made(["Привет"], ["Привет! Расскажи, что тебя интересует."]) == "Расскажи, что тебя интересует"
    assert made(["Hi", "Rome"], ["Hello! Rome was not built in a day."]) == "Rome"
