"""Borys comes back: /summary tells what he missed in a group, and asks no model when nothing is new."""

from __future__ import annotations

from tests.support.llm_steps import HttpError, Text
from tests.support.product import Product


async def test_what_one_missed_is_told_in_the_place_of_the_promise(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys", language="uk")
    group = await product.telegram.group("Camping", [ann, borys])
    await ann.say(group, "The old plan was the lake")
    await borys.say(group, "I am away until Monday")
    await ann.say(group, "We go to the mountains instead")
    await ann.say(group, "Chen takes the stove")
    product.llm.script(Text("- **Plan**: Ann says you go to the mountains; Chen takes the stove."))
    asked = await borys.say(group, "/summary")
    told = await product.telegram.wait_reply(asked, contains="mountains")
    assert told.text.startswith("Ви пропустили 2 повідомлення:")
    assert "**" not in told.text  # rendered, not raw
    assert len([m for m in product.telegram.bot_messages(group) if m.record.reply_to == asked.id]) == 1
    prompt = product.prompt_text()
    assert "Chen takes the stove" in prompt
    assert "old plan" not in prompt

    await borys.say(group, "thanks")
    again = await borys.say(group, "/summary")
    await product.telegram.wait_reply(again, contains="Ви нічого не пропустили")
    assert product.llm.paid == 1


async def test_without_a_model_there_is_a_reason_and_in_private_a_hint(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    await borys.say(group, "hello")
    await ann.say(group, "We go to the mountains instead")
    product.llm.default(lambda _body: HttpError(401))
    asked = await borys.say(group, "/summary")
    refused = await product.telegram.wait_reply(asked, contains="key", timeout=20)
    assert "reading" not in refused.text
    hint = await borys.say(await product.telegram.private(borys), "/summary")
    await product.telegram.wait_reply(hint, contains="In a group")
