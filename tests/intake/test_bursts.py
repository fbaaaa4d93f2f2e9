"""What was sent in one go is one question: albums, split texts, forwarded bundles."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

from PIL import Image
from sqlalchemy import func, select

from bot.db.models import Turn, TurnMessage
from bot.playground.emulator.files import Upload
from bot.playground.people import acting
from bot.playground.people.handles import ChatHandle, PersonHandle
from tests.support.emulator import running_emulator
from tests.support.llm_server import scripted_llm
from tests.support.llm_steps import Text
from tests.support.product import Product, product_settings, running_bot
from tests.support.waiting import until


def photos(count: int) -> list[bytes]:
    """Small JPEGs that differ."""
    made = []
    for number in range(count):
        out = io.BytesIO()
        Image.new("RGB", (32, 24), (40 * number, 90, 90)).save(out, "JPEG")
        made.append(out.getvalue())
    return made


async def turns_of(product: Product) -> list[int]:
    """How many messages each turn answers, oldest turn first."""
    counted = select(func.count()).select_from(TurnMessage).group_by(TurnMessage.turn_id)
    return await product.look(lambda s: list(s.scalars(counted.order_by(TurnMessage.turn_id))))


async def quiet(product: Product) -> None:
    """Wait until every turn is shown."""
    await until(
        lambda: product.look(
            lambda s: not s.scalar(select(func.count(Turn.id)).where(Turn.status != "delivered"))
        )
    )


async def strangers_words(
    product: Product, ann: PersonHandle, chat: ChatHandle, count: int, *, after: str
) -> list[str]:
    """A comment and, at once, a bundle of what Borys wrote elsewhere; returns his words."""
    borys = await product.telegram.person("Borys")
    elsewhere = await product.telegram.group("Elsewhere", [borys, ann], bot=None)
    words = [f"verse number {number} of Borys" for number in range(count)]
    originals = [await borys.say(elsewhere, text) for text in words]
    await ann.say(chat, after)
    for original in originals:
        await ann.forward(original, chat)
    return words


async def test_an_album_of_four_is_one_turn_with_all_its_pictures(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("Four fine pictures."))
    await ann.album(chat, photos(4), caption="Which is the best?")
    await product.telegram.wait_message(chat, contains="Four fine pictures.")
    await asyncio.sleep(0.3)
    assert await turns_of(product) == [4]
    assert len(product.telegram.bot_messages(chat)) == 1
    prompt = json.dumps(product.llm.requests[-1].body)
    assert prompt.count("data:image/jpeg;base64,") == 4
    assert "Which is the best?" in prompt


async def test_an_album_in_a_group_is_whole_wherever_the_bot_is_mentioned(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    product.llm.script(Text("The first way."), Text("The second way."))
    await ann.album(group, photos(3), caption="@mnema_bot which?")
    await product.telegram.wait_message(group, contains="The first way.")
    assert await turns_of(product) == [3]
    for number, data in enumerate(photos(3)):
        caption = "@mnema_bot and now?" if number == 2 else ""
        body = await acting.media_body(product.telegram.emu, "photo", Upload(data), caption)
        await acting.post(product.telegram.emu, group.id, ann.id, {"media_group_id": "777"} | body)
    await product.telegram.wait_message(group, contains="The second way.")
    assert await turns_of(product) == [3, 3]
    assert json.dumps(product.llm.requests[-1].body).count("data:image/jpeg;base64,") == 3


async def test_a_text_that_the_client_split_is_one_turn(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("A long story."))
    # Every other sign takes two of Telegram's units, so that a part has far fewer letters than 4096.
    await ann.say(chat, "🏕" * 2047 + " " + "🎒" * 2047 + " and so it ended")
    await product.telegram.wait_message(chat, contains="A long story.")
    await asyncio.sleep(0.3)
    assert await turns_of(product) == [3]
    assert "and so it ended" in product.prompt_text()
    assert product.llm.paid == 1


async def test_a_comment_and_its_bundle_are_one_turn_when_they_come_together(
    product: Product,
) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("A slow answer to something else.", delay=0.3), Text("He rhymes well."))
    await ann.say(chat, "Something else first")
    await until(lambda: len(product.llm.requests) == 1)
    words = await strangers_words(product, ann, chat, 5, after="What do you say to this?")
    await product.telegram.wait_message(chat, contains="He rhymes well.", timeout=8)
    await quiet(product)
    assert await turns_of(product) == [1, 6]
    prompt = product.prompt_text()
    for text in words:
        assert f"(forwarded from: Borys) {text}" in prompt
    assert prompt.index("What do you say to this?") < prompt.index(words[0])


async def test_a_comment_waits_for_the_bundle_that_has_arrived_with_it(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with scripted_llm() as llm, running_emulator() as world:
        settings = product_settings(sqlite_database_url, tmp_path, llm)
        ann, borys = await world.person("Ann"), await world.person("Borys")
        chat = await world.private(ann)
        elsewhere = await world.group("Elsewhere", [borys, ann], bot=None)
        originals = [await borys.say(elsewhere, f"verse {number}") for number in range(5)]
        await ann.say(chat, "What do you say to this?")
        for original in originals:
            await ann.forward(original, chat)
        llm.script(Text("He rhymes well."))
        async with running_bot(settings, world, llm) as product:
            await world.wait_message(chat, contains="He rhymes well.")
            assert await turns_of(product) == [6]
            assert await product.look(lambda s: s.scalar(select(Turn.tainted)))


async def test_a_bundle_behind_an_answer_that_has_begun_is_its_own_turn_and_knows_the_comment(
    product: Product,
) -> None:
    ann = await product.telegram.person("Ann")
    group = await product.telegram.group("Camping", [ann])
    product.llm.script(Text("I see no verses yet.", delay=0.1), Text("Now I do."))
    borys = await product.telegram.person("Borys")
    elsewhere = await product.telegram.group("Elsewhere", [borys, ann], bot=None)
    originals = [await borys.say(elsewhere, f"verse {number}") for number in range(3)]
    await ann.say(group, "@mnema_bot how are these verses?")
    await until(lambda: len(product.llm.requests) == 1)
    for original in originals:
        await ann.forward(original, group)
    await product.telegram.wait_message(group, contains="Now I do.")
    await quiet(product)
    assert await turns_of(product) == [1, 3]
    assert "how are these verses?" in product.prompt_text()
    assert "(forwarded from: Borys) verse 2" in product.prompt_text()


async def test_forwarded_talk_of_a_group_asks_nothing(product: Product) -> None:
    ann, borys = await product.telegram.person("Ann"), await product.telegram.person("Borys")
    group = await product.telegram.group("Camping", [ann, borys])
    product.llm.script(Text("Yes."))
    said = await borys.say(group, "The lake is cold")
    await ann.forward(said, group)
    await product.telegram.wait_reply(await borys.say(group, "@mnema_bot is it?"), contains="Yes.", settled=0)
    assert await turns_of(product) == [1]


async def test_two_questions_in_a_row_get_an_answer_each(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("Slowly one.", delay=0.2), Text("Two."), Text("Three."))
    await ann.say(chat, "First question")
    await until(lambda: len(product.llm.requests) == 1)
    await ann.say(chat, "Second question")
    await ann.say(chat, "Third question")
    await product.telegram.wait_message(chat, contains="Three.", timeout=8)
    await quiet(product)
    assert await turns_of(product) == [1, 1, 1]
    assert [m.text for m in product.telegram.bot_messages(chat)] == ["Slowly one.", "Two.", "Three."]
