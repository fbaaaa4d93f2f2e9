"""A group that becomes a supergroup keeps its memory, in whatever order Telegram tells of it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef
from bot.db.models import Chat, Conversation, Delivery, Message, MessageRef, Turn, TurnMessage
from bot.db.repositories import people
from bot.playground.people import ChatHandle, PersonHandle
from bot.playground.store import Json
from tests.intake.settling import tell
from tests.support.llm_steps import Text
from tests.support.product import Product
from tests.support.waiting import until


async def camp(product: Product) -> tuple[PersonHandle, ChatHandle]:
    """A basic group in which something was said and answered."""
    ann = await product.telegram.person("Ann", username="ann")
    group = await product.telegram.group("Camping", [ann], type="group")
    await ann.say(group, "The tent is at Olena's")
    product.llm.script(Text("Noted by me."))
    asked = await ann.say(group, "@mnema_bot are you here?")
    await product.telegram.wait_reply(asked, contains="Noted by me.", settled=0)
    return ann, group


def chats(session: Session) -> list[tuple[str, str]]:
    return [(row.external_id, row.type) for row in session.scalars(select(Chat).order_by(Chat.id))]


async def one_chat(product: Product, external_id: int) -> None:
    """Wait until only the supergroup is left."""
    expected = [(str(external_id), "supergroup")]
    await until(lambda: product.look(lambda s: chats(s) == expected), 5)


async def ask_again(product: Product, ann: PersonHandle, new: ChatHandle) -> str:
    """The prompt of a question in the supergroup."""
    product.llm.script(Text("At Olena's."))
    asked = await ann.say(new, "@mnema_bot where is the tent?")
    reply = await product.telegram.wait_reply(asked, contains="At Olena's.", settled=0)
    assert reply.chat_id == new.id
    return product.prompt_text()


async def test_the_next_prompt_holds_what_was_said_before(product_on_both: Product) -> None:
    product = product_on_both
    ann, group = await camp(product)
    new = await group.upgrade()
    # Ids begin anew there: these messages have ids that the old group has used, too.
    for number in range(4):
        await ann.say(new, f"news number {number}")
    prompt = await ask_again(product, ann, new)
    assert "The tent is at Olena's" in prompt
    assert "Noted by me." in prompt
    assert all(f"news number {number}" in prompt for number in range(4))
    await one_chat(product, new.id)
    assert await product.look(lambda s: s.scalar(select(func.count()).select_from(Conversation))) == 1


def moved(old: int, new: int) -> tuple[Json, Json]:
    """The two service messages: of the old group, and of the new one."""
    group = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    before: Json = {
        "message_id": 99, "date": 1, "from": group, "migrate_to_chat_id": new,
        "chat": {"id": old, "type": "group", "title": "Camping"},
    }  # fmt: skip
    after: Json = {
        "message_id": 1, "date": 1, "from": group, "migrate_from_chat_id": old,
        "chat": {"id": new, "type": "supergroup", "title": "Camping"},
    }  # fmt: skip
    return before, after


@pytest.mark.parametrize("order", ["to, from", "from, to"])
async def test_either_order_ends_in_one_chat_with_all_of_it(product: Product, order: str) -> None:
    await move(product, order)


@pytest.mark.parametrize("order", ["talk, to, from", "talk, from, to"])
async def test_talk_that_came_before_the_news_is_no_second_chat(product_on_both: Product, order: str) -> None:
    await move(product_on_both, order)


async def move(product: Product, order: str) -> None:
    """Tell of the move in this order, then ask."""
    world = product.telegram
    ann, group = await camp(product)
    new = await world.group("Camping", [ann])
    to, from_ = moved(group.id, new.id)
    for step in order.split(", "):
        if step == "talk":
            product.llm.script(Text("An early answer."))
            early = await ann.say(new, "@mnema_bot is the stove here, too?")
            await world.wait_reply(early, contains="An early answer.", settled=0)
            await ann.say(new, "I wrote in the new group at once", reply_to=early)
        else:
            body = {"message": to if step == "to" else from_}
            await world.emu.inject(world.emu.main_bot.id, body)
    await one_chat(product, new.id)
    prompt = await ask_again(product, ann, new)
    assert "The tent is at Olena's" in prompt
    if "talk" in order:
        assert "An early answer." in prompt
        assert '(reply to: "@mnema_bot is the stove here, too?"): I wrote in the new group' in prompt
        assert prompt.index("The tent is at Olena's") < prompt.index("An early answer.")
    await product.look(everything_hangs_together)


def everything_hangs_together(session: Session) -> None:
    """One active conversation, counted right, and no id that leads nowhere."""
    (conversation,) = session.scalars(select(Conversation))
    ids = set(session.scalars(select(Message.id)))
    assert conversation.message_count == len(ids) == conversation.next_seq - 1
    assert {id_ >> 32 for id_ in ids} == {conversation.no}
    assert set(session.scalars(select(MessageRef.message_id))) <= ids
    assert set(session.scalars(select(TurnMessage.message_id))) <= ids
    for turn in session.scalars(select(Turn)):
        assert turn.conversation_no == conversation.no
        assert {turn.message_id, turn.reply_message_id} <= ids | {None}
    assert {row.reply_to for row in session.scalars(select(Message))} <= ids | {None}


async def test_late_news_of_the_old_group_are_its_memory_too(product: Product) -> None:
    ann, group = await camp(product)
    new = await group.upgrade()
    await one_chat(product, new.id)
    late = {
        "message_id": 5000, "date": 1, "text": "written just before the move",
        "chat": {"id": group.id, "type": "group", "title": "Camping"},
        "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
    }  # fmt: skip
    await tell(product, message=late)
    assert "written just before the move" in await ask_again(product, ann, new)
    await one_chat(product, new.id)


async def test_an_answer_that_is_being_written_arrives_in_the_supergroup(product: Product) -> None:
    ann, group = await camp(product)
    product.llm.script(Text("Slowly " * 20 + "written.", delay=0.03))
    await ann.say(group, "@mnema_bot tell me slowly")
    await until(lambda: len(product.llm.requests) == 2)
    new = await group.upgrade()
    await product.telegram.wait_message(new, contains="written.", timeout=8)
    await one_chat(product, new.id)
    open_ones = select(func.count(Delivery.id)).where(Delivery.status == "open")
    await until(lambda: product.look(lambda s: s.scalar(open_ones) == 0))


async def test_a_group_that_nobody_recorded_leaves_no_trace_by_moving(product: Product) -> None:
    await product.app.access.approve(ChatRef("-5", "group"), people.chat_person("-5", "x"), True)
    to, _ = moved(-77, -100777)
    await tell(product, message=to)
    assert await product.look(chats) == [("-5", "group")]
    assert await product.look(lambda s: people.get_meta(s, people.moved_key("tg", "-77"))) is None
