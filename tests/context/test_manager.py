"""The manager as the printed snippet uses it, over a real database, and where its services come from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.context.manager import ContextManager, ContextServices
from bot.context.services import use_services
from bot.core.messages import ChatRef, Person
from bot.db import models
from bot.db.engine import Database, make_database
from bot.db.repositories import people, talk
from tests.context.making import ANN, ANN_LABEL, NOW, PRIVATE, Shelf, png, services, text_of


@dataclass
class Carrier:
    """A bot that carries the services, as the product's own does."""

    context_services: ContextServices


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = make_database(database_url)
    await database.open()
    yield database
    await database.close()


async def fill(database: Database, chat: ChatRef, person: Person) -> None:
    """A conversation of two messages and a fact."""

    def unit(session: Session) -> None:
        row, user = people.upsert_chat(session, chat, NOW), people.upsert_user(session, person, NOW)
        session.flush()
        conversation = talk.active_conversation(session, row, chat, user, NOW)
        for direction, text, label in (("incoming", "I like tea", ANN_LABEL), ("outgoing", "Good!", "Mnema")):
            new = talk.NewMessage(direction, text, label, NOW, token_count=4)
            talk.append(session, conversation.no, new)
        session.add(
            models.Memory(
                user_id=user.id, chat_id=row.id, kind="preference", text="Likes tea",
                text_key="likes tea", scope="global",
                origin="explicit", created_at=NOW, valid_at=NOW,
            )
        )  # fmt: skip

    await database.write(unit)


async def test_the_printed_snippet(database: Database) -> None:
    await fill(database, PRIVATE, ANN)
    bot = Carrier(services(database=database))
    context_manager = ContextManager(
        chat_id=123, user_id=123, bot=bot, reply_to_message=None, chat_title="Мій чат", chat_type="private"
    )
    context = await context_manager.build_context()
    assert [m["role"] for m in context] == ["system", "user", "assistant", "user"]
    assert "(private: Мій чат)" in context[0]["content"]
    assert context[0]["content"].endswith("- Likes tea")
    assert context[1]["content"] == "[Ann (@ann, id:123)]: I like tea"
    assert context[2]["content"] == "Good!"
    assert "asker: Ann (@ann, id:123)" in context[3]["content"]
    assert context_manager.trace.total > 0
    assert next(row for row in context_manager.trace.layers if row.name == "facts").kept == (1,)


async def test_an_unknown_chat_has_an_empty_context(database: Database) -> None:
    manager = ContextManager(chat_id=-5, user_id=6, bot=Carrier(services(database=database)))
    context = await manager.build_context()
    assert [m["role"] for m in context] == ["system", "user"]
    assert "(supergroup)" in context[1]["content"]


def telegram_photo(**values: Any) -> SimpleNamespace:
    """A message with the attributes that a Telegram library gives it."""
    base = {
        "message_id": 77, "date": datetime(2026, 11, 20, 8, 0, tzinfo=NOW.tzinfo), "caption": "our tent",
        "text": None, "sender_chat": None,
        "from_user": SimpleNamespace(id=7, first_name="Bob", last_name=None, username=None),
        "photo": [SimpleNamespace(file_id="s", file_size=1), SimpleNamespace(file_id="p1")],
    }  # fmt: skip
    return SimpleNamespace(**{**base, **values})


async def test_a_reply_to_a_platforms_own_photo(database: Database) -> None:
    shelf = Shelf({"p1": png(40, 30)})
    bot = Carrier(services(database=database, files=shelf))
    manager = ContextManager(123, 123, bot, reply_to_message=telegram_photo())
    context = await manager.build_context()
    assert shelf.asked == ["p1"]
    assert context[-1]["content"][1]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert (
        "the message replied to, by [Bob (id:7)], 2026-11-20 08:00 (Fri, yesterday):\n> [photo] our tent"
        in text_of(context[-1])
    )


@pytest.mark.parametrize(
    ("values", "who"),
    [
        ({"from_user": SimpleNamespace(id=999, first_name="Mnema", username="mnema_bot")}, "you"),
        ({"sender_chat": SimpleNamespace(id=-1, title="News]")}, "[News)]"),
        ({"from_user": None}, "[?]"),
    ],
)
async def test_who_spoke_the_replied_to_message(database: Database, values: dict[str, Any], who: str) -> None:
    message = telegram_photo(photo=None, voice=SimpleNamespace(file_id="v", mime_type="audio/ogg"), **values)
    manager = ContextManager(123, 123, Carrier(services(database=database)), reply_to_message=message)
    text = text_of((await manager.build_context())[-1])
    assert f"the message replied to, by {who}, " in text
    assert "> [voice message] our tent" in text


async def test_services_of_the_surroundings_serve_any_bot(database: Database) -> None:
    with use_services(services(database=database)):
        manager = ContextManager(chat_id=1, user_id=1, bot=object())
    assert len(await manager.build_context()) == 2


def test_without_services_the_error_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="context_services"):
        ContextManager(chat_id=1, user_id=1, bot=object())
