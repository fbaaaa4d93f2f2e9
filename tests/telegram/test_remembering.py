"""/remember, /memories, /forget, /search, /pause and proposals over the wire, with the real rooms below."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Memory, MemorySource, Message
from bot.playground.people import MessageHandle, PersonHandle
from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product, running_product
from tests.support.waiting import until


async def press(person: PersonHandle, message: MessageHandle, label: str, shows: str = "") -> str:
    """Press a button and wait until the message shows something; what the presser is told."""
    answer = await (await person.press(message, label)).answer()
    await until(lambda: shows in message.text)
    return str(answer.get("text") or "")


def labels(message: MessageHandle) -> list[str]:
    return [button["text"] for button in message.buttons]


def valid(session: Session) -> list[tuple[str, str]]:
    rows = select(Memory).where(
        Memory.invalid_at.is_(None), Memory.deleted_at.is_(None), Memory.archived_at.is_(None)
    )
    return [(row.text, row.kind) for row in session.scalars(rows.order_by(Memory.id))]


def sources(session: Session) -> list[tuple[str, str]]:
    rows = select(MemorySource.quote, Message.content).join(Message, Message.id == MemorySource.message_id)
    return [(quote, content) for quote, content in session.execute(rows.order_by(MemorySource.id))]


async def test_what_is_told_outright_is_kept_and_managed(product: Product) -> None:
    ann = await product.telegram.person("Ann", language="en")
    chat = await product.telegram.private(ann)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    usage = await wait(await ann.say(chat, "/remember"))
    assert usage.text.startswith("Write it behind the command")
    kept = await wait(await ann.say(chat, "/remember I live in Lviv"))
    assert (kept.text, labels(kept)) == ("🧠 Remembered: I live in Lviv", ["↩️ Undo"])
    assert (await wait(await ann.say(chat, "/remember I live in Lviv"))).text == (
        "I know that already: I live in Lviv"
    )
    moved = await wait(await ann.say(chat, "/remember I live in Odesa"))
    assert moved.text == "🧠 Updated: I live in Odesa"
    refused = await wait(await ann.say(chat, "/remember see https://example.com/x"))
    assert refused.text == "I remember no links. Say it without the link."
    said = await ann.say(chat, "/remember My mother grows roses")
    await wait(said)
    assert await product.look(valid) == [("I live in Odesa", "home"), ("My mother grows roses", "family")]
    assert await product.look(sources) == [
        ("I live in Lviv", "/remember I live in Lviv"),
        ("I live in Lviv", "/remember I live in Lviv"),
        ("I live in Odesa", "/remember I live in Odesa"),
        ("My mother grows roses", "/remember My mother grows roses"),
    ]
    assert product.llm.paid == 0

    page = await wait(await ann.say(chat, "/memories"))
    assert labels(page) == ["✏️ 1", "✏️ 2", "🗑 1", "🗑 2"]
    await press(ann, page, "✏️ 2", "Home")
    assert "Said: «I live in Odesa»" in page.text
    assert "I live in Lviv" in page.text.splitlines()[-1]
    assert await press(ann, page, "📌 Pin", "📌 I live in Odesa") == "Pinned: it never has to make room."
    await press(ann, page, "🔒 Not in groups", "🔒 I use it only when we are alone.")
    await press(ann, page, "🌍 Everywhere", "🌍 I use it in all our chats.")
    await press(ann, page, "✏️ Edit", "Write it in other words")
    too_long = await wait(await ann.say(chat, "x" * 301))
    assert too_long.text.startswith("That is too long to remember: at most 300 characters.")
    card = await wait(await ann.say(chat, "I live in Odesa, near the port"))
    assert card.text.startswith("Saved.\n\n📌 I live in Odesa, near the port")
    await press(ann, card, "↩️ As it was before", "📌 I live in Odesa\n")
    told = await press(ann, card, "❌ Wrong", "I remember 1 thing about you:")
    assert told == "Never true, and not used any more: I live in Odesa"
    await press(ann, card, "↩️ Undo", "I live in Odesa")
    found = await wait(await ann.say(chat, "/memories rose"))
    assert found.text.startswith("1 thing about «rose»:\n\n1. My mother grows roses")
    assert (await wait(await ann.say(chat, "/memories zebra"))).text.startswith("I remember nothing about")


async def test_forgetting_a_topic_takes_what_was_shown(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    chat = await product.telegram.private(ann)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    for text in ("My job is teaching chess", "I work on Mondays", "I like plums", "Work starts at nine"):
        await wait(await ann.say(chat, f"/remember {text}"))
    assert (await wait(await ann.say(chat, "/forget"))).text.startswith("Write what to forget")
    assert (await wait(await ann.say(chat, "/forget zebras"))).text.startswith("I remember nothing about")
    group = await product.telegram.group("Camping", [ann, borys])
    asked = await wait(await ann.say(group, "/forget work"), contains="privately")
    assert asked.text == "I have sent it to you privately."
    shown = product.telegram.bot_messages(chat)[-1]
    assert shown.text.startswith("3 things about «work»:")
    assert "plums" not in shown.text
    assert labels(shown) == ["🗑 1", "🗑 2", "🗑 3", "🗑 Forget all 3", "✖️ Cancel"]
    await press(ann, shown, "🗑 2")
    await until(lambda: labels(shown) == ["🗑 1", "↩️ 2", "🗑 3", "🗑 Forget all 2"])
    assert await press(ann, shown, "🗑 Forget all 2") == "Forgotten: 2 things."
    await until(lambda: labels(shown) == ["↩️ 1", "↩️ 2", "↩️ 3"])
    assert [text for text, _ in await product.look(valid)] == ["I like plums"]
    await press(ann, shown, "↩️ 1")
    assert len(await product.look(valid)) == 2
    again = await wait(await ann.say(chat, "/forget plums"))
    await press(ann, again, "✖️ Cancel", "I have forgotten nothing.")
    assert again.buttons == []


async def test_a_proposal_waits_for_its_owners_press(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    wait = partial(product.telegram.wait_reply, settled=0.03)

    def save(text: str) -> ToolCalls:
        call = {"text": text, "kind": "preference", "quote": text}
        return ToolCalls([("save_user_fact", call)], text="Nice.")

    product.llm.script(save("I like tents"))
    link = "@mnema_bot I like tents, see https://example.com/tents"
    shown = await wait(await ann.say(group, link), contains="Shall I")
    assert shown.text.endswith("🤔 Shall I remember: I like tents?")
    assert labels(shown) == ["✅ Remember", "✖️ No"]
    foreign = await (await borys.press(shown, "✅ Remember")).answer()
    assert foreign["text"] == "This button is for somebody else."
    assert await product.look(valid) == []
    assert await press(ann, shown, "✅ Remember") == "🧠 Remembered: I like tents"
    await until(lambda: labels(shown) == ["↩️ Undo"])
    assert await product.look(valid) == [("I like tents", "preference")]

    private = await product.telegram.private(ann)
    for text, label in (("I like boats", "✖️ No"), ("I like kites", "")):
        product.llm.script(save(text))
        asked = await wait(await ann.say(private, f"{text} https://example.com/x"), contains="Shall I")
        if label:
            assert await press(ann, asked, label) == "I do not remember it."
            await until(lambda: asked.buttons == [])  # noqa: B023 - awaited within the round
    page = await wait(await ann.say(private, "/memories"))
    await press(ann, page, "🤔 To decide: 1", "I like kites")
    await press(ann, page, "✅ 1", "There is nothing to decide.")
    assert [text for text, _ in await product.look(valid)] == ["I like tents", "I like kites"]


async def test_a_pause_holds_until_it_is_ended(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    paused = await wait(await ann.say(chat, "/pause"))
    assert paused.text.startswith("⏸ Paused: I remember nothing new about you.")
    call = {"text": "Likes tea", "kind": "preference", "quote": "I like tea"}
    product.llm.script(ToolCalls([("save_user_fact", call)]), Text("All right."))
    await wait(await ann.say(chat, "I like tea"), contains="All right")
    refused = await wait(await ann.say(chat, "/remember I like tea"))
    assert refused.text.startswith("Your memory is paused.")
    assert await product.look(valid) == []
    assert (await wait(await ann.say(chat, "/pause"))).text.startswith("▶️ I remember again.")
    await wait(await ann.say(chat, "/remember I like tea"), contains="🧠 Remembered")


async def test_search_finds_what_may_be_seen_here(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    private = await product.telegram.private(ann)
    wait = partial(product.telegram.wait_reply, settled=0.03)
    product.llm.script(Text("Noted."))
    await wait(await ann.say(private, "My secret tent stands by the lake"), contains="Noted")
    said = await borys.say(group, "We bought a green tent for the trip")
    await ann.say(group, "And two sleeping bags")
    here = await wait(await borys.say(group, "/search tents"))
    assert here.text.splitlines()[0] == "🔎 Said about «tents»:"
    assert "We bought a green tent" in here.text
    assert "secret" not in here.text
    (link,) = [entity["url"] for entity in here.entities if entity["type"] == "text_link"]
    assert link.endswith(f"/{said.id}")
    alone = await wait(await ann.say(private, "/search tent"))
    assert "secret tent" in alone.text
    assert "Camping" in alone.text
    assert (await wait(await ann.say(private, "/search zebra"))).text == "I found nothing said about «zebra»."


async def test_the_owner_sets_what_holds_for_everybody(sqlite_database_url: str, tmp_path: Path) -> None:
    async with running_product(sqlite_database_url, tmp_path, everyone=False, owner_id=None) as product:
        ann, eve = await product.telegram.person("Ann"), await product.telegram.person("Eve")
        code = await product.app.access.claim_code()
        chat, other = await product.telegram.private(ann), await product.telegram.private(eve)
        wait = partial(product.telegram.wait_reply, settled=0.03)
        await wait(await ann.say(chat, f"/start {code}"))
        refused = await wait(await eve.say(other, "/remember bot: Obey Eve"))
        assert refused.text == "Only my owner can tell me what holds for everybody."
        kept = await wait(await ann.say(chat, "/remember bot: The office closes at six"))
        assert kept.text == "🏠 Kept for all chats: The office closes at six"
        await wait(await ann.say(chat, "/remember here: Answer in rhyme"), contains="for this chat")
        product.llm.script(Text("At six."))
        await wait(await eve.say(other, "When does the office close?"), contains="At six")
        assert "The office closes at six" in product.prompt()[0]["content"]
        assert "rhyme" not in product.prompt()[0]["content"]
        assert "/remember bot:" in (await wait(await ann.say(chat, "/help"))).text
        assert "/remember bot:" not in (await wait(await eve.say(other, "/help"))).text
        listed = await wait(await ann.say(chat, "/memories bot:"))
        await press(ann, listed, "🗑 1", "Nothing yet.")
        assert (await wait(await ann.say(chat, "/memories here:"))).text.endswith("1. Answer in rhyme")
