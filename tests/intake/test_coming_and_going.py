"""People and the bot come and go; edits; commands that nobody knows."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Chat, ChatMember, Message, Turn, User
from tests.intake.settling import settled, tell
from tests.support.llm_steps import Hang, Text
from tests.support.product import Product
from tests.support.waiting import until


def gone(session: Session, person_id: int) -> bool:
    row = session.scalar(select(ChatMember).join(User).where(User.external_id == str(person_id)))
    assert row is not None
    return row.left_at is not None


async def test_who_left_is_no_member_until_they_come_back(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    await borys.say(group, "hello")
    await settled(product)
    assert not await product.look(lambda s: gone(s, borys.id))
    await group.remove(borys)
    await settled(product)
    assert await product.look(lambda s: gone(s, borys.id))
    await group.add(borys)
    await settled(product)
    assert not await product.look(lambda s: gone(s, borys.id))
    assert await product.look(lambda s: s.scalars(select(User.external_id)).all()) == [str(borys.id)]


async def test_administrators_hear_of_it_without_service_messages(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys], bot="administrator")
    await borys.say(group, "hello")
    person = {"id": borys.id, "is_bot": False, "first_name": "Borys"}
    change = {
        "chat": {"id": group.id, "type": "supergroup", "title": "Camping"}, "date": 1, "from": person,
        "old_chat_member": {"status": "member", "user": person},
        "new_chat_member": {"status": "left", "user": person},
    }  # fmt: skip
    await tell(product, chat_member=change)
    assert await product.look(lambda s: gone(s, borys.id))


async def test_sent_away_it_ends_quietly_and_comes_back_in_order(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    world, bot_id = product.telegram, product.telegram.emu.main_bot.id
    ann = await world.person("Ann")
    group = await world.group("Camping", [ann])
    await ann.say(group, "The tent is red")
    product.llm.script(Hang(30))
    await ann.say(group, "@mnema_bot tell me all")
    await until(lambda: len(product.llm.requests) == 1)
    await ann.say(group, "@mnema_bot and more")
    await settled(product)
    with caplog.at_level(logging.ERROR):
        await group.remove(bot_id)
        await product.llm.until_abandoned(1)
        states = select(Turn.status)
        await until(lambda: product.look(lambda s: s.scalars(states).all() == ["undeliverable"] * 2), 8)
    assert caplog.records == []
    assert len(product.llm.requests) == 1
    await group.add(bot_id)
    await world.wait_message(group, contains="Hello! I am Mnema.")
    product.llm.script(Text("It is red."))
    asked = await ann.say(group, "@mnema_bot which colour?")
    await world.wait_reply(asked, contains="It is red.", settled=0)
    assert "The tent is red" in product.prompt_text()


async def test_an_edit_that_mentions_the_bot_only_now_asks_nothing(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    said = await ann.say(group, "who brings the tent?")
    await ann.edit(said, "@mnema_bot who brings the big tent?")
    await settled(product)
    assert await product.look(lambda s: s.scalar(select(Turn))) is None
    texts = await product.look(lambda s: s.scalars(select(Message.content)).all())
    assert texts == ["@mnema_bot who brings the big tent?"]


async def test_an_unknown_command_gets_one_sentence_and_no_model(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    for text in ("/frobnicate", "/dance now please", "/frobnicate@mnema_bot"):
        reply = await product.telegram.wait_reply(await ann.say(chat, text), settled=0)
        assert reply.text == "I do not know this command. /help lists what I can do."
    group = await product.telegram.group("Camping", [ann])
    await ann.say(group, "/frobnicate")
    await ann.say(group, "/frobnicate@other_bot")
    mine = await ann.say(group, "/frobnicate@mnema_bot")
    await product.telegram.wait_reply(mine, contains="/help", settled=0)
    await settled(product)
    # The greeting, the offer to read the past, and one sentence.
    assert len(product.telegram.bot_messages(group)) == 3
    assert product.llm.requests == []


async def test_a_path_is_no_command(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("That is a folder."))
    asked = await ann.say(chat, "/usr/bin/env what is that?")
    await product.telegram.wait_reply(asked, contains="That is a folder.", settled=0)


async def test_the_members_of_a_group_are_counted_as_they_come_and_go(product: Product) -> None:
    world = product.telegram
    ann, borys = await world.person("Ann"), await world.person("Borys")
    group = await world.group("Camping", [ann])
    await world.wait_message(group)
    await until(lambda: _counted(product, 2), 3)
    await group.add(borys)
    await until(lambda: _counted(product, 3), 3)
    await group.remove(borys)
    await until(lambda: _counted(product, 2), 3)


async def _counted(product: Product, members: int) -> bool:
    return await product.look(lambda s: s.scalar(select(Chat.member_count))) == members
