"""The face with the real rooms below it: what people press and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.llm_steps import HttpError, Text, ToolCalls
from tests.support.product import Product, running_product

SAVE = ToolCalls(
    [("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": "I live in Lviv"})], text="Nice!"
)


@pytest.fixture
async def owned(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """A bot that obeys its owner alone, and has none yet."""
    async with running_product(sqlite_database_url, tmp_path, everyone=False, access="owner") as product:
        yield product


async def test_retry_turns_the_apology_into_the_answer(product: Product) -> None:
    oksana = await product.telegram.person("Оксана", language="uk")
    chat = await product.telegram.private(oksana)
    product.llm.script(HttpError(401, {"error": {"message": "bad key"}}), Text("Тепер я відповідаю."))
    question = await oksana.say(chat, "Ти тут?")
    apology = await product.telegram.wait_reply(question, contains="LLM_API_KEY", timeout=10)
    assert apology.text.startswith("Мовна модель не приймає мого ключа.")
    assert (await (await oksana.press(apology, "🔁 Повторити")).answer())["text"] == "Пробую ще раз …"
    async with asyncio.timeout(5):
        while "Тепер я відповідаю." not in apology.text or apology.buttons:
            await product.telegram.emu.events.changed.wait(0.1)
    assert len(product.telegram.bot_messages(chat)) == 1


async def test_the_stop_button_ends_the_answer_at_once(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text(" ".join(f"word{n}" for n in range(400)), delay=0.05))
    question = await ann.say(chat, "Tell me all")
    growing = await product.telegram.wait_reply(question, contains="word", settled=0)
    assert (await (await ann.press(growing, "⏹ Stop")).answer(2))["text"] == "⏹ Stopped."
    stopped = await product.telegram.wait_reply(question, contains="⏹ Stopped.")
    assert stopped.id == growing.id
    assert "word399" not in stopped.text
    assert stopped.buttons == []


async def test_memories_are_deleted_and_brought_back_by_buttons(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(SAVE)
    noted = await product.telegram.wait_reply(await ann.say(chat, "I live in Lviv"), contains="Remembered")
    page = await product.telegram.wait_reply(await ann.say(chat, "/memories"), contains="Lives in Lviv")
    await (await ann.press(page, "🗑 1")).answer()
    assert page.text.startswith("I remember nothing")
    await (await ann.press(page, "↩️ Undo")).answer()
    assert "Lives in Lviv" in page.text
    assert (await (await ann.press(noted, "↩️ Undo")).answer())["text"] == "Forgotten: Lives in Lviv"
    assert noted.buttons == []


async def test_the_first_owner_claims_the_bot_and_strangers_stay_outside(owned: Product) -> None:
    ann, eve = await owned.telegram.person("Ann"), await owned.telegram.person("Eve")
    own, strange = await owned.telegram.private(ann), await owned.telegram.private(eve)
    code = await owned.app.access.claim_code()
    await owned.telegram.wait_reply(await ann.say(own, f"/start {code}"), contains="Welcome!", settled=0)
    late = await eve.say(strange, f"/start {code}")
    await owned.telegram.wait_reply(late, contains="this bot is private")
    owned.llm.script(Text("At your service."))
    await owned.telegram.wait_reply(await ann.say(own, "Hello"), contains="At your service.")


async def test_a_group_waits_for_the_owners_button(owned: Product) -> None:
    ann, borys = await owned.telegram.person("Ann"), await owned.telegram.person("Borys")
    code = await owned.app.access.claim_code()
    own = await owned.telegram.private(ann)
    await owned.telegram.wait_reply(await ann.say(own, f"/start {code}"), contains="Welcome!", settled=0)
    group = await owned.telegram.group("Camping", [borys, ann])
    greeting = await owned.telegram.wait_message(group, contains="approve this group first")
    await borys.say(group, "Mnema, do you hear me?")
    await (await ann.press(greeting, "✅ Approve this group")).answer()
    owned.llm.script(Text("Loud and clear."))
    question = await borys.say(group, "Mnema, and now?")
    assert (await owned.telegram.wait_reply(question, contains="Loud and clear.")).reply_to == question.id
    assert "do you hear me" not in owned.prompt_text()


async def test_an_album_is_one_question(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("Two fine pictures."))
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
        "789c63606060000000040001f61738550000000049454e44ae426082"
    )
    await ann.album(chat, [picture, picture], caption="What is this?")
    await product.telegram.wait_message(chat, contains="Two fine pictures.")
    assert product.llm.paid == 1
