"""/incognito over the wire: nothing of it is kept, and nothing of it outlives its end."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db import models
from bot.db.models import Conversation, Delivery, ExtractionMark, Memory, Message, Trace, Turn, TurnStep
from bot.services.incognito import HOURS
from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product
from tests.support.waiting import until

SAVE = ("save_user_fact", {"text": "Has a hidden door", "kind": "home", "quote": "I have a hidden door"})


def counts(session: Session) -> dict[str, int]:
    """Rows of everything that could hold what was said."""
    tables = (Message, Turn, TurnStep, Trace, Delivery, Memory, ExtractionMark, models.MessageRef)
    return {
        table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
    }


def states(session: Session) -> list[tuple[str, bool, int]]:
    rows = session.scalars(select(Conversation).order_by(Conversation.no))
    return [(row.status, row.incognito, row.message_count) for row in rows]


async def test_nothing_outlives_its_end(product_on_both: Product, tmp_path: Path) -> None:
    product = product_on_both
    ann = await product.telegram.person("Ann")
    chat, group = await product.telegram.private(ann), await product.telegram.group("Camping", [ann])
    wait = partial(product.telegram.wait_reply, settled=0.03)
    await wait(await ann.say(group, "/incognito"), contains="Incognito works only in our private chat")
    product.llm.script(Text("Hello Ann."))
    await wait(await ann.say(chat, "Hello from the ordinary talk"), contains="Hello Ann")
    before = await product.look(counts)

    begun = await wait(await ann.say(chat, "/incognito"))
    assert begun.text.startswith("🕶 Incognito.")
    assert f"after {HOURS} hours" in begun.text
    product.llm.script(ToolCalls([SAVE]), Text("I keep it to myself."))
    await wait(await ann.say(chat, "I have a hidden door"), contains="to myself")
    assert "ordinary talk" not in str(product.prompt()[-1])
    refused = await wait(await ann.say(chat, "/remember I have a hidden door"))
    assert refused.text.startswith("We are incognito")
    assert (await wait(await ann.say(chat, "/search hidden door"))).text.startswith("I found nothing")
    # A new conversation within it is incognito too, and the one before ends.
    await wait(await ann.say(chat, "/new"))
    product.llm.script(Text("Still nothing."))
    await wait(await ann.say(chat, "And a hidden cellar"), contains="Still nothing")
    assert (await product.look(states))[-1][1]

    over = await wait(await ann.say(chat, "/incognito"))
    assert over.text.startswith("Incognito is over")

    async def erased() -> bool:
        return await product.look(states) == [("active", False, 2)]

    await until(erased)
    after = await product.look(counts)
    told = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert set(told) == {"deliveries"}  # ids of commands' answers, no text
    product.llm.script(Text("Welcome back."))
    await wait(await ann.say(chat, "Where were we?"), contains="Welcome back")
    assert "Hello from the ordinary talk" in product.prompt_text()
    assert "hidden" not in product.prompt_text()
    for file in tmp_path.glob("*.db"):
        with sqlite3.connect(file) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"hidden" not in file.read_bytes()
