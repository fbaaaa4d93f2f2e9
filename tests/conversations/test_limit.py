"""The limit of active conversations holds in the very transaction that takes a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.app import App, build_app
from bot.core.messages import ChatRef, Incoming, Person
from bot.db.models import Conversation
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.sessions import Sessions
from tests.support.clock import ManualClock
from tests.support.llm_server import scripted_llm
from tests.support.people import ANN, GROUP, PRIVATE
from tests.support.product import product_settings

ADMIN = Caller("local", "test", DEFAULT_APPLICATION, frozenset({"admin"}))
MOST = 3


@pytest.fixture
async def app(database_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[App]:
    """The product without its workers."""
    async with scripted_llm() as llm:
        settings = product_settings(database_url, tmp_path, llm, max_active_conversations=MOST)
        app = build_app(settings, clock=clock, everyone=True)
        await app.open()
        try:
            yield app
        finally:
            await app.close(0.0)


def message(app: App, number: int, chat: ChatRef = PRIVATE, person: Person = ANN) -> Incoming:
    return Incoming(
        f"k{chat.external_id}{number}",
        chat,
        str(number),
        app.clock.now(),
        person,
        text="hello",
        addressed="private",
    )


async def active(app: App) -> list[str]:
    query = select(Conversation.scope_key).where(Conversation.status == "active").order_by(Conversation.no)
    return await app.database.read(lambda s: list(s.scalars(query)))


async def test_a_message_that_begins_a_conversation_makes_room_at_once(app: App, clock: ManualClock) -> None:
    sessions = Sessions(app.database, clock, most=MOST)
    made = []
    for _ in range(MOST):
        clock.advance(60)
        made.append(await sessions.create(ADMIN, ANN.external_id))
    clock.advance(60)
    await app.turns.receive(message(app, 1, GROUP))
    assert len(await active(app)) == MOST + 1, "a group takes no room"
    await app.turns.receive(message(app, 1))
    left = await active(app)
    assert len(left) == MOST + 1
    assert f"tg:{PRIVATE.external_id}:u{ANN.external_id}" in left
    assert not any(made[0].id in key for key in left), "the least recently used one rests"


async def test_a_message_to_a_conversation_that_rests_goes_on_with_it_and_another_one_rests(
    app: App, clock: ManualClock
) -> None:
    sessions = Sessions(app.database, clock, most=MOST)
    await app.turns.receive(message(app, 1))
    for _ in range(MOST):
        clock.advance(60)
        await sessions.create(ADMIN, ANN.external_id)
    mine = f"tg:{PRIVATE.external_id}:u{ANN.external_id}"
    assert mine not in await active(app)
    clock.advance(60)
    await app.turns.receive(message(app, 2))
    assert mine in await active(app)
    assert len(await active(app)) == MOST
    count = select(Conversation.message_count).where(Conversation.scope_key == mine)
    assert await app.database.read(lambda s: s.scalars(count).all()) == [2]


async def test_two_that_begin_at_the_same_moment_do_not_exceed_it(app: App, clock: ManualClock) -> None:
    sessions = Sessions(app.database, clock, most=MOST)
    for _ in range(MOST - 1):
        clock.advance(60)
        await sessions.create(ADMIN, ANN.external_id)
    clock.advance(60)
    chats = [replace(PRIVATE, external_id=f"terminal-{n}", platform="cli") for n in range(4)]
    await asyncio.gather(*(app.turns.receive(message(app, n, chat)) for n, chat in enumerate(chats)))
    assert len(await active(app)) == MOST


async def test_a_message_to_the_present_conversation_asks_the_database_nothing_more(app: App) -> None:
    looked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith("SELECT") and "conversations.user_id = " in statement:
            looked.append(statement)

    def watched(session: Session) -> None:
        event.listen(session.connection().engine, "before_cursor_execute", note)

    await app.database.write(watched)
    await app.turns.receive(message(app, 1))
    assert len(looked) == 1, "the one look of the first message"
    await app.turns.receive(message(app, 2))
    assert len(looked) == 1
