"""/stats over the wire: one's own numbers, from a group told privately."""

from __future__ import annotations

from tests.support.llm_steps import Text
from tests.support.product import Product


async def test_own_numbers(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    borys = await product.telegram.person("Борис", language="uk")
    product.llm.script(Text("Hi Ann!"))
    await product.telegram.wait_reply(await ann.say(chat, "Hello"), contains="Hi Ann")
    told = await product.telegram.wait_reply(await ann.say(chat, "/stats"), settled=0.03)
    lines = told.text.splitlines()
    assert lines[0] == "📊 You and me"
    assert "Conversations: 1, active: 1" in lines
    assert "Messages: 2" in lines
    assert any(line.startswith("Average time to an answer: ") for line in lines)
    group = await product.telegram.group("Camping", [ann, borys])
    said = await product.telegram.wait_reply(await borys.say(group, "/stats@mnema_bot"), settled=0.03)
    assert "Повідомлення" not in said.text
