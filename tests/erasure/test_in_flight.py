"""What an answer under way has seen is not stored with it once that was deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app.erasure import make_erasure
from bot.core.messages import Person
from bot.db.models import Message, Trace, Turn, TurnStep, User
from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product
from tests.support.waiting import until

SLOW: dict[str, Any] = {"chunks": 30, "delay": 0.1}
HELD: dict[str, Any] = {"chunks": 45, "delay": 0.1}
"""Longer than an erasure takes: an answer that is there before its end would prove nothing."""


async def idle(product: Product) -> None:
    """Wait until nothing is being answered."""

    async def settled() -> bool:
        open_ = select(Turn.id).where(Turn.status.in_(("waiting", "answering", "answered")))
        return await product.look(lambda s: s.scalar(open_)) is None

    await until(settled, 20)


async def files_hold(product: Product, word: str) -> bool:
    erasure = make_erasure(product.app.settings, product.app.database, product.app.clock)
    await until(erasure.scrub, 20)
    place = Path(product.app.database.url.removeprefix("sqlite:///"))
    return any(word.encode() in file.read_bytes() for file in place.parent.glob(f"{place.name}*"))


async def test_a_person_is_erased_while_answers_are_written(product: Product) -> None:
    ann, bob = await product.telegram.person("Ann"), await product.telegram.person("Bob")
    group = await product.telegram.group("Neighbours", [ann, bob])
    alone = await product.telegram.private(ann)
    await ann.say(group, "I love zarzuela nights")
    find = ToolCalls([("search_memory", {"query": "nights"})])
    product.llm.script(find, Text("There is much to do in this town of ours.", **HELD))
    await bob.say(group, f"@{product.app.identity.username} what is there to do of an evening?")
    await until(lambda: len(product.llm.requests) == 2, 20)
    assert "zarzuela" in product.prompt_text()
    product.llm.script(Text("A zarzuela it is then, as you wish so much.", **HELD))
    await ann.say(alone, "where is a good zarzuela?")
    await until(lambda: len(product.llm.requests) == 3, 20)

    erasure = make_erasure(product.app.settings, product.app.database, product.app.clock)
    await erasure.erase(Person(str(ann.id)))
    await idle(product)

    def look(session: Session) -> None:
        assert session.scalars(select(User.first_name)).all() == ["Bob"]
        texts = session.scalars(select(Message.content)).all()
        assert [text for text in texts if "zarzuela" in text] == []
        assert "There is much to do in this town of ours." in texts
        (trace,) = session.scalars(select(Trace)).all()
        assert trace.prompt is None
        assert [step.data for step in session.scalars(select(TurnStep)) if step.data] == []

    await product.look(look)
    assert not await files_hold(product, "zarzuela")


async def test_a_fact_is_deleted_while_an_answer_tells_it(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    await ann.say(chat, "/remember I play the sackbut")
    await product.telegram.wait_message(chat, contains="sackbut")
    product.llm.script(Text("You like music, so why not.", **SLOW))
    await ann.say(chat, "what shall I do today?")
    await until(lambda: len(product.llm.requests) == 1, 20)
    assert "sackbut" in product.prompt_text()
    person = Person(str(ann.id))
    (item,) = (await product.app.memories.page(person, 0)).items
    await product.app.memories.delete(person, item.id)
    await idle(product)
    assert await product.look(lambda s: s.scalars(select(Trace.prompt)).all()) == [None]
    product.llm.script(Text("Rest."))
    message = await ann.say(chat, "and tomorrow?")
    await product.telegram.wait_reply(message, contains="Rest")
    await idle(product)
    prompts = await product.look(lambda s: s.scalars(select(Trace.prompt).order_by(Trace.turn_id)).all())
    assert [prompt is None for prompt in prompts] == [True, False], "later prompts are kept again"
