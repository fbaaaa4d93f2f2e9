"""Pictures: which are shown, how large, and what stands for the others."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from bot.context.visual import MAX_BYTES, shrink
from bot.core.llm import Message
from bot.core.messages import AttachmentRef
from bot.core.views import TurnView
from bot.llm.tokens import Tokens
from tests.context.making import (
    BOB_LABEL,
    GROUP,
    Shelf,
    built,
    layer,
    message,
    photo,
    png,
    services,
    text_of,
    view,
)


def pictures(one: Message) -> list[Image.Image]:
    found: list[Image.Image] = []
    for part in one["content"]:
        if part["type"] == "image_url":
            head, data = part["image_url"]["url"].split(",")
            assert head == "data:image/jpeg;base64"
            found.append(Image.open(io.BytesIO(base64.b64decode(data))))
    return found


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks
    )


def asked(*files: AttachmentRef, text: str = "What is it?", **values: Any) -> TurnView:
    return view(current=(message(5, text, content_type="image", attachments=files),), **values)


async def test_an_own_photo_enters_inline_and_shrunk() -> None:
    shelf = Shelf({"p1": png(4000, 2000)})
    messages, manager = await built(services(files=shelf), asked(photo()))
    (shown,) = pictures(messages[-1])
    assert shown.size == (1568, 784)
    assert text_of(messages[-1]).endswith("</context>\n[photo] What is it?")
    assert layer(manager, "images").kept == (f"{asked(photo()).current[0].id}:0",)
    assert layer(manager, "images").tokens > 0
    assert "api.telegram.org" not in str(messages)


async def test_a_replied_to_photo_enters_too_and_is_numbered_after_the_own_ones() -> None:
    shelf = Shelf({"p1": png(60, 40), "p2": png(30, 90)})
    replied = message(2, "my tent", BOB_LABEL, content_type="image", attachments=(photo("p2"),))
    messages, _ = await built(services(files=shelf), asked(photo(), replied=replied))
    assert [p.size for p in pictures(messages[-1])] == [(60, 40), (30, 90)]
    assert "> [photo 2] my tent\n" in text_of(messages[-1])
    assert text_of(messages[-1]).endswith("[photo 1] What is it?")


async def test_a_reply_to_a_photo_alone() -> None:
    replied = message(2, "", BOB_LABEL, content_type="image", attachments=(photo("p2"),))
    shelf = Shelf({"p2": png(30, 90)})
    messages, _ = await built(services(files=shelf), view(GROUP, "What is on it?", replied=replied))
    assert len(pictures(messages[-1])) == 1
    assert "> [photo]\n</context>\n[Ann (@ann, id:123)]: What is on it?" in text_of(messages[-1])


async def test_without_vision_nothing_is_downloaded_and_the_text_says_why() -> None:
    shelf = Shelf({"p1": png(60, 40)})
    messages, _ = await built(services(files=shelf, llm_vision_enabled=False), asked(photo()))
    assert messages[-1]["content"].endswith("\n[photo not shown: the model cannot see images] What is it?")
    assert shelf.asked == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"<html>no picture</html>",
        png(50, 50)[:60],
        bomb(30_000, 30_000),
        bomb(60_000, 60_000),
        b"\xff\xd8\xff" + b"\0" * 50,
    ],
    ids=["gone", "empty", "html", "cut", "bomb", "larger bomb", "broken jpeg"],
)
async def test_what_cannot_be_read_is_a_placeholder(data: bytes | None) -> None:
    shelf = Shelf({} if data is None else {"p1": data})
    messages, manager = await built(services(files=shelf), asked(photo()))
    assert messages[-1]["content"].endswith("\n[photo unavailable] What is it?")
    assert layer(manager, "images").dropped
    assert layer(manager, "images").tokens == 0


async def test_a_file_known_to_be_too_large_is_not_asked_for() -> None:
    shelf = Shelf({"p1": png(50, 50)})
    messages, _ = await built(services(files=shelf), asked(photo(size=MAX_BYTES + 1)))
    assert "[photo unavailable]" in messages[-1]["content"]
    assert shelf.asked == []


async def test_without_a_platform_pictures_are_unavailable() -> None:
    messages, _ = await built(services(), asked(photo()))
    assert "[photo unavailable]" in messages[-1]["content"]


async def test_at_most_four_are_shown() -> None:
    shelf = Shelf({f"p{n}": png(20 + n, 20) for n in range(6)})
    messages, _ = await built(services(files=shelf), asked(*(photo(f"p{n}") for n in range(6))))
    assert [p.width for p in pictures(messages[-1])] == [20, 21, 22, 23]
    assert text_of(messages[-1]).endswith(
        "[photo 1] [photo 2] [photo 3] [photo 4] "
        "[photo not shown: at most 4 at once] [photo not shown: at most 4 at once] What is it?"
    )


async def test_a_picture_sent_as_a_file_is_shown_and_other_files_are_not() -> None:
    shelf = Shelf({"d": png(50, 50), "x": png(50, 50)})
    scan = AttachmentRef("document", "d", mime="image/png", name="scan.png")
    table = AttachmentRef("document", "x", mime="application/pdf", name="table.pdf")
    messages, _ = await built(services(files=shelf), asked(scan, table))
    assert len(pictures(messages[-1])) == 1
    assert text_of(messages[-1]).endswith("[photo] [document: table.pdf] What is it?")
    assert shelf.asked == ["d"]


async def test_photos_of_the_history_stay_placeholders() -> None:
    shelf = Shelf({"p1": png(50, 50)})
    old = message(1, "look", content_type="image", attachments=(photo(),))
    messages, _ = await built(services(files=shelf), view(history=(old,)))
    assert isinstance(messages[-1]["content"], str)
    assert shelf.asked == []


async def test_pictures_become_smaller_and_fewer_where_room_is_short(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tokens = Tokens("gpt-4o-mini", tmp_path_factory.mktemp("ranks"))
    shelf = Shelf({f"p{n}": png(1600, 1600) for n in range(4)})
    turn = asked(*(photo(f"p{n}") for n in range(4)))
    sizes = {}
    for ceiling in (2000, 4000, 8000, 16_000):
        messages, manager = await built(services(tokens, files=shelf, context_max_tokens=ceiling), turn)
        assert tokens.count_messages(messages) == manager.trace.total <= ceiling
        sizes[ceiling] = [p.width for p in pictures(messages[-1])]
        assert text_of(messages[-1]).count("no room left") == 4 - len(sizes[ceiling])
    assert sizes[16_000] == sizes[8000] == [1568] * 4
    assert sizes[4000] == [512] * 4
    assert 1 <= len(sizes[2000]) < 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK"])
def test_every_kind_of_picture_becomes_a_jpeg(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    with Image.open(io.BytesIO(shrink(png(300, 200, mode, kind), 100))) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (100, 67))


def test_what_is_see_through_becomes_white() -> None:
    with Image.open(io.BytesIO(shrink(png(8, 8, "RGBA"), 100))) as small:
        assert small.getpixel((4, 4)) == (255, 255, 255)


def test_a_photo_taken_sideways_is_turned_upright() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[274] = 6
    Image.new("RGB", (400, 200), "red").save(out, "JPEG", exif=exif)
    with Image.open(io.BytesIO(shrink(out.getvalue(), 1000))) as small:
        assert small.size == (200, 400)
        assert not small.getexif()
