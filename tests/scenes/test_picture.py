"""A picture of last week, replied to: its bytes are in the prompt, no address is; blind models say so."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image

from tests.support.llm_steps import Text
from tests.support.product import running_product


def photo(colour: str = "red") -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


async def test_the_bytes_enter_and_no_address_does(sqlite_database_url: str, tmp_path: Path) -> None:
    async with running_product(sqlite_database_url, tmp_path) as product:
        world = product.telegram
        ann, borys = await world.person("Ann"), await world.person("Borys")
        group = await world.group("Camping", [ann, borys])
        picture = await borys.send(group, "photo", photo(), caption="our table")
        for number in range(5):
            await ann.say(group, f"later talk {number}")
        product.llm.script(Text("A red cloth."))
        asked = await ann.say(group, "@mnema_bot what is on the table?", reply_to=picture)
        await world.wait_reply(asked, contains="red cloth")
        body = json.dumps(product.llm.requests[-1].body)
        assert "data:image/jpeg;base64," in body
        assert world.token not in body
        assert "/file/bot" not in body
        assert "our table" in body


async def test_without_vision_the_bot_is_told_that_it_cannot_see(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with running_product(sqlite_database_url, tmp_path, llm_vision_enabled=False) as product:
        world = product.telegram
        ann = await world.person("Ann")
        chat = await world.private(ann)
        product.llm.script(Text("I cannot see pictures."))
        sent = await ann.send(chat, "photo", photo(), caption="what is this?")
        await world.wait_reply(sent, contains="cannot see")
        assert "base64" not in json.dumps(product.llm.requests[-1].body)
        assert "what is this?" in product.prompt_text()


async def test_a_model_that_refuses_images_is_asked_once_more_without(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with running_product(sqlite_database_url, tmp_path, dialect="no-vision") as product:
        world = product.telegram
        ann = await world.person("Ann")
        chat = await world.private(ann)
        product.llm.script(Text("I see no picture."), Text("Still none."))
        first = await ann.send(chat, "photo", photo())
        reply = await world.wait_reply(first, contains="no picture", timeout=8)
        assert "cannot see pictures" in reply.text
        asked = len(product.llm.requests)
        second = await ann.send(chat, "photo", photo("blue"))
        reply = await world.wait_reply(second, contains="Still none", timeout=8)
        assert "cannot see pictures" not in reply.text  # told once
        assert len(product.llm.requests) == asked + 1  # the refusal is remembered


async def test_a_model_without_tools_is_asked_once_more_and_told_of_once(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with running_product(sqlite_database_url, tmp_path, dialect="ollama-no-tools") as product:
        world = product.telegram
        ann = await world.person("Ann", language="uk")
        chat = await world.private(ann)
        product.llm.script(Text("One."), Text("Two."))
        one = await world.wait_reply(await ann.say(chat, "hello"), contains="One.", timeout=8)
        assert "інструментами" in one.text
        asked = len(product.llm.requests)
        two = await world.wait_reply(await ann.say(chat, "again"), contains="Two.", timeout=8)
        assert "інструментами" not in two.text
        assert len(product.llm.requests) == asked + 1
        assert "tools" not in product.llm.requests[-1].body
