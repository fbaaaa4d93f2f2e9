"""/conversations over the wire: listed, named, opened, deleted; another's buttons do nothing."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Job
from bot.db.repositories.conversations import UNSEE
from bot.playground.people import MessageHandle, PersonHandle
from tests.support.llm_steps import Text
from tests.support.product import Product
from tests.support.waiting import until


async def press(person: PersonHandle, card: MessageHandle, label: str, shows: str) -> str:
    """Press a button and wait until the card shows something; what the presser is told."""
    answer = await (await person.press(card, label)).answer()
    await until(lambda: shows in card.text)
    return str(answer.get("text") or "")


async def test_back_to_an_earlier_conversation(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    assert "no conversation here yet" in (await wait(await ann.say(chat, "/conversations"))).text
    product.llm.script(Text("They erupt."), Text("With beets."), Text("Because of magma."))
    await wait(await ann.say(chat, "Tell me about volcanoes"), contains="erupt")
    await wait(await ann.say(chat, "/new"), contains="archived")
    await wait(await ann.say(chat, "How do I cook borscht?"), contains="beets")
    card = await wait(await ann.say(chat, "/conversations"))
    assert [line.partition(" · ")[0] for line in card.text.splitlines()] == [
        "2 conversations here:", "", "1. ▶️ How do I cook borscht?", "2. Tell me about volcanoes",
    ]  # fmt: skip
    await press(ann, card, "2", "📦 Archived")
    await press(ann, card, "✏️ Rename", "Write the new title")
    named = await wait(await ann.say(chat, "Mountains of fire"), contains="Mountains of fire")
    told = await press(ann, named, "▶️ Open", "We are in it now")
    assert told == "We go on there; the conversation before is archived."
    await wait(await ann.say(chat, "But why do they?"), contains="magma")
    assert "They erupt." in product.prompt_text()
    assert "With beets." not in str(product.prompt()[1:-1])
    found = await wait(await ann.say(chat, "/conversations borscht"), contains="1 conversation about")
    await press(ann, found, "1", "📦 Archived")
    await press(ann, found, "🗑 Delete", "Delete «How do I cook borscht?»")
    assert await press(ann, found, "🗑 Delete", "1 conversation here") == "Deleted: How do I cook borscht?"
    assert "borscht" not in found.text
    gone = await wait(await ann.say(chat, "/conversations borscht"))
    assert gone.text.startswith("No conversation here is about «borscht»")
    borys = await product.telegram.person("Borys", language="en")
    await until(lambda: product.look(_prompts_let_go))
    group = await product.telegram.group("Camping", [ann, borys])
    await wait(await borys.say(group, "/conversations@mnema_bot"), contains="only admins")


def _prompts_let_go(session: Session) -> bool:
    done = select(Job.status).where(Job.kind == UNSEE)
    return list(session.scalars(done)) == ["done"]
