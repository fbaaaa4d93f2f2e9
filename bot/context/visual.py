"""Pictures of the current and the replied-to message, made small and safe, as inline parts."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps

from bot.context.history import placeholder
from bot.core.errors import FileUnavailable
from bot.core.messages import AttachmentRef
from bot.core.ports import Files
from bot.core.views import MessageView, TurnView

log = logging.getLogger(__name__)

MAX_IMAGES = 4
MAX_BYTES = 5 * 1024 * 1024
LONG_SIDE = 1568
"""Pixels; models see no more of a picture."""

SMALL_SIDE = 512
"""Pixels of the rendition for when the large ones do not fit: one tile of most models."""

MAX_PIXELS = {False: 25_000_000, True: 80_000_000}
"""By whether it is a JPEG, which alone can be read at a reduced size."""

_UNSEEN = "not shown: the model cannot see images"
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_IMAGE_FILES = ("image/jpeg", "image/png", "image/webp", "image/bmp")

_UNUSABLE = (OSError, SyntaxError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning)

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be shown: message id and place of its attachment, and its JPEG in two sizes."""

    key: Key
    large: bytes
    small: bytes

    def part(self, *, small: bool = False) -> dict[str, Any]:
        """The picture as a content part, its bytes inline: a platform's URL would carry the bot's token."""
        data = base64.b64encode(self.small if small else self.large).decode()
        return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was found: pictures to show, and what stands in the text for those that cannot be shown."""

    shown: tuple[Picture, ...] = ()
    marks: dict[Key, str] = field(default_factory=dict)


async def load_pictures(view: TurnView, files: Files | None, *, vision: bool) -> Pictures:
    """Download the pictures of the turn. Never raises for a picture: what fails becomes a placeholder."""
    wanted = _wanted(view)
    if not vision:
        marks = {key: _mark(_UNSEEN) for key, _ in wanted}
        return Pictures((), marks)
    chosen, rest = wanted[:MAX_IMAGES], wanted[MAX_IMAGES:]
    fetched = await asyncio.gather(*(_fetch(attachment, files) for _, attachment in chosen))
    loaded = [await _prepare(key, data) for (key, _), data in zip(chosen, fetched, strict=True)]
    marks = {key: _mark(f"not shown: at most {MAX_IMAGES} at once") for key, _ in rest}
    for (key, _), picture in zip(chosen, loaded, strict=True):
        if picture is None:
            marks[key] = _mark("unavailable")
    return Pictures(tuple(filter(None, loaded)), marks)


def shrink(data: bytes, side: int) -> bytes:
    """The picture as a JPEG of at most `side` pixels, upright and on white. Raises ValueError if it is none.

    Its size is read before its pixels are, so that a small file cannot unpack into gigabytes.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as source:
            if source.width * source.height > MAX_PIXELS[source.format == "JPEG"]:
                raise ValueError(f"{source.width}×{source.height} pixels are too many")
            source.draft("RGB", (side, side))
            source.thumbnail((side, side))
            picture = _on_white(ImageOps.exif_transpose(source))
    except _UNUSABLE as error:
        raise ValueError(f"not a usable picture: {type(error).__name__}") from error
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    return paper.convert("RGB")


def _wanted(view: TurnView) -> list[tuple[Key, AttachmentRef]]:
    messages: list[MessageView] = [*view.current]
    if view.replied is not None and all(m.id != view.replied.id for m in messages):
        messages.append(view.replied)
    return [
        ((message.id, place), attachment)
        for message in messages
        for place, attachment in enumerate(message.attachments)
        if attachment.kind == "image" or (attachment.kind == "document" and attachment.mime in _IMAGE_FILES)
    ]


async def _fetch(attachment: AttachmentRef, files: Files | None) -> bytes | None:
    if files is None:
        return None
    try:
        if (attachment.size or 0) > MAX_BYTES:
            raise FileUnavailable(f"{attachment.size} bytes are too many")
        data = await files.fetch(attachment.file_id, MAX_BYTES)
    except FileUnavailable as error:
        log.info("a picture is not shown: %s", error)
        return None
    return data if len(data) <= MAX_BYTES else None


async def _prepare(key: Key, data: bytes | None) -> Picture | None:
    """Both sizes, made in a thread, one picture after the other: unpacked ones are large."""
    if data is None:
        return None
    try:
        large = await asyncio.to_thread(shrink, data, LONG_SIDE)
        small = await asyncio.to_thread(shrink, large, SMALL_SIDE)
    except ValueError as error:
        log.info("a picture is not shown: %s", error)
        return None
    return Picture(key, large, small)


def _mark(why: str) -> str:
    return f"{placeholder('image')[:-1]} {why}]"


def numbered(shown: Sequence[Picture]) -> dict[Key, str]:
    """The placeholders of shown pictures, numbered in the order of the parts when there are several."""
    if len(shown) == 1:
        return {shown[0].key: placeholder("image")}
    return {picture.key: f"[photo {number}]" for number, picture in enumerate(shown, start=1)}


def why_not(mark: str) -> str:
    """One word for the mark of a picture that is not shown."""
    words = {NO_ROOM: "budget", _mark("unavailable"): "unavailable", _mark(_UNSEEN): "unseen"}
    return words.get(mark, "cap")


NO_ROOM = _mark("not shown: no room left")
