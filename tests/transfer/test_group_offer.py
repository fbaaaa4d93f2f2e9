"""A group's past comes in as the answer to the bot's offer, from an admin alone."""

from __future__ import annotations

from sqlalchemy import select

from bot.db.models import Document, Message
from tests.support.product import Product
from tests.transfer.past import message, result


async def test_the_offer(product: Product) -> None:
    ann, bob = await product.telegram.person("Ann"), await product.telegram.person("Bob")
    group = await product.telegram.group("Neighbours", [ann, bob])
    offer = await product.telegram.wait_message(group, contains="result.json")
    number = int(str(group.id).removeprefix("-100").removeprefix("-"))
    kind = "private_supergroup" if str(group.id).startswith("-100") else "private_group"
    data = result([message(1, "the very first word"), message(2, "the next")], kind, number)
    await bob.send(group, "document", data, name="result.json", reply_to=offer)
    await product.telegram.wait_message(group, contains="only admins")
    other = result([message(1, "from elsewhere")], kind, number + 1)
    await ann.send(group, "document", other, name="result.json", reply_to=offer)
    await product.telegram.wait_message(group, contains="export of another chat")
    await ann.send(group, "document", b"{" + data, name="result.json", reply_to=offer)
    await product.telegram.wait_message(group, contains="I cannot read this file")
    await ann.send(group, "document", data, name="result.json", reply_to=offer)
    await product.telegram.wait_message(group, contains="2 messages from before")
    texts = await product.look(lambda s: s.scalars(select(Message.content).order_by(Message.id)).all())
    assert texts[:2] == ["the very first word", "the next"]
    assert await product.look(lambda s: s.scalars(select(Document.id)).all()) == []
