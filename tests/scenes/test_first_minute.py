"""The first minute, the next morning, and a move: what Oksana tells is kept, found and replaced."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Memory, MemorySource
from tests.support.product import Product

HELLO = "Привіт! Мене звати Оксана, я живу в Києві і не їм м'яса."


def quotes(session: Session) -> list[str]:
    """The words that the facts stand on."""
    return list(session.scalars(select(MemorySource.quote).order_by(MemorySource.id)))


def homes(session: Session) -> list[tuple[str, bool]]:
    """Where the person lives and lived: text, and whether it is valid."""
    rows = session.scalars(select(Memory).where(Memory.kind == "home").order_by(Memory.id))
    return [(row.text, row.invalid_at is None) for row in rows]


async def test_oksana_is_remembered_and_finds_it_again(playground: Product) -> None:
    world = playground.telegram
    oksana = await world.person("Оксана", language="uk")
    chat = await world.private(oksana)
    told = await oksana.say(chat, HELLO)
    reply = await world.wait_reply(told, contains="Не їсть м'яса")
    assert "Запам" in reply.text
    assert reply.buttons
    found = await playground.look(quotes)
    assert len(found) == 3
    assert all(quote in HELLO for quote in found)

    await world.wait_reply(await oksana.say(chat, "/new"))
    asked = await oksana.say(chat, "Що мені приготувати?")
    answer = await world.wait_reply(asked)
    assert "м'яса" in answer.text

    moved = await oksana.say(chat, "Я переїхала до Львова.")
    await world.wait_reply(moved, contains="Львов")
    assert [valid for _text, valid in await playground.look(homes)] == [False, True]
    listed = await world.wait_reply(await oksana.say(chat, "/memories"))
    assert "Львов" in listed.text
    assert "Києві" not in listed.text
