"""The product reads what was said by itself, and the next prompt knows it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Conversation, Memory, Message, UsageRow
from bot.db.repositories import extraction
from bot.memory.extraction import find_due
from tests.extraction.room import answer, fact
from tests.support.llm_steps import Body, Step, Text
from tests.support.product import Product
from tests.support.waiting import until


def model(body: Body) -> Step:
    """Talks in turns, and takes notes when it is asked for JSON."""
    if "response_format" not in body:
        return Text("I see.")
    return answer(fact("Keeps bees on the roof", "keep bees on the roof", "other"))


def note(session: Session) -> None:
    """As if a great deal had been said."""
    message = session.scalars(select(Message).where(Message.direction == "incoming")).one()
    message.token_count = 600
    conversation = session.scalars(select(Conversation)).one()
    assert message.sender_id is not None
    extraction.note_said(session, message, conversation, message.sender_id)


async def test_what_was_only_said_is_known_in_the_next_turn(product: Product) -> None:
    product.llm.default(model)
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    await product.telegram.wait_reply(await ann.say(chat, "We keep bees on the roof here"), contains="see")
    app = product.app
    await app.database.write(note)
    now = app.clock.now()
    await app.enqueue(await app.database.read(lambda s: find_due(s, now)))

    async def known() -> bool:
        return await product.look(lambda s: s.scalar(select(Memory.id))) is not None

    await until(known)
    await product.telegram.wait_reply(await ann.say(chat, "What do we keep?"), contains="see")
    assert "- Keeps bees on the roof" in product.prompt_text()
    purposes = await product.look(lambda s: list(s.scalars(select(UsageRow.purpose).order_by(UsageRow.id))))
    assert purposes == ["reply", "extraction", "reply"]
    [row] = await product.look(lambda s: list(s.scalars(select(Memory))))
    assert (row.origin, row.scope) == ("inferred", "private")
