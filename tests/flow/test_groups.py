"""A group of three: silence until addressed, who said what, order, and nobody's private things."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from bot.core.messages import Person
from bot.db.models import Message
from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product


async def test_it_keeps_still_and_knows_who_said_what(product_on_both: Product) -> None:
    product = product_on_both
    ann = await product.telegram.person("Ann", username="ann")
    borys = await product.telegram.person("Borys", username="borys")
    chen = await product.telegram.person("Chen")
    group = await product.telegram.group("Camping", [ann, borys, chen])
    said = await borys.say(group, "I can bring the tent")
    await chen.say(group, "Then I take the stove", reply_to=said)
    for number in range(20):
        await ann.say(group, f"Packing list item {number}")
    product.llm.script(Text("Borys brings the tent."))
    question = await ann.say(group, "@mnema_bot who is bringing the tent?")
    reply = await product.telegram.wait_reply(question, contains="Borys")
    assert reply.record.reply_to == question.id
    # The greeting of the group with the offer to read its past, and the answer.
    assert len(product.telegram.bot_messages(group)) <= 3
    prompt = product.prompt_text()
    assert f"[Borys (@borys, id:{borys.id})]: I can bring the tent" in prompt
    assert f'[Chen (id:{chen.id})] (reply to: "I can bring the tent"): Then I take the stove' in prompt
    assert product.llm.paid == 1


async def test_a_second_question_while_the_first_streams_is_answered_after_it(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    product.llm.script(Text("one two three four five six", delay=0.15), Text("The second answer."))
    first = await ann.say(group, "@mnema_bot count slowly")
    await asyncio.sleep(0.2)
    second = await borys.say(group, "@mnema_bot and me?")
    one = await product.telegram.wait_reply(first, contains="five six", timeout=10)
    two = await product.telegram.wait_reply(second, contains="The second answer.", timeout=10)
    assert one.id < two.id
    assert "one two three four five six" in product.prompt_text()


async def test_what_was_said_in_private_as_health_stays_out_of_the_group(product: Product) -> None:
    chen = await product.telegram.person("Chen")
    private, group = (
        await product.telegram.private(chen),
        await product.telegram.group("Dinner", [chen, await product.telegram.person("Ann")]),
    )
    product.llm.script(
        ToolCalls(
            [("save_user_fact", {"text": "Has diabetes", "kind": "health", "quote": "I have diabetes"})],
            text="Noted.",
        ),
        Text("Soup."),
    )
    told = await chen.say(private, "I have diabetes")
    await product.telegram.wait_reply(told, contains="Noted")
    asked = await chen.say(group, "@mnema_bot what shall we eat?")
    await product.telegram.wait_reply(asked, contains="Soup")
    assert "diabetes" not in product.prompt_text()


async def test_memories_of_a_group_go_to_the_private_chat_and_obey_only_their_owner(product: Product) -> None:
    borys, ann = await product.telegram.person("Borys"), await product.telegram.person("Ann")
    private = await product.telegram.private(borys)
    group = await product.telegram.group("Camping", [borys, ann])
    product.llm.script(
        ToolCalls(
            [("save_user_fact", {"text": "Plays the flute", "kind": "other", "quote": "I play the flute"})],
            text="Lovely.",
        )
    )
    told = await borys.say(private, "I play the flute")
    await product.telegram.wait_reply(told, contains="Lovely")
    asked = await borys.say(group, "/memories")
    public = await product.telegram.wait_reply(asked)
    assert "flute" not in public.text
    listed = await product.telegram.wait_message(private, contains="Plays the flute", after=told.id + 1)
    assert listed.record.markup
    # Ann presses a button that carries Borys's data: she sees nothing and changes nothing.
    data = next(
        button["callback_data"]
        for row in listed.record.markup["inline_keyboard"]
        for button in row
        if "callback_data" in button
    )
    shown = await product.telegram.wait_message(group)
    await ann.press(shown, data, stale=True)
    count = await product.look(lambda s: s.scalar(select(func.count()).select_from(Message)))
    assert count
    assert (await product.app.memories.page(_as_person(borys.id), 0)).total == 1


def _as_person(user_id: int) -> Person:
    return Person(external_id=str(user_id))
