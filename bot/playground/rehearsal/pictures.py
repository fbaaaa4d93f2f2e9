"""What can honestly be said of a picture without recognising anything: its size and its main colour."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence

from PIL import Image, UnidentifiedImageError

from bot.playground.rehearsal.language import Language
from bot.playground.rehearsal.phrases import say

MAX_PIXELS = 40_000_000
_COLOURS: dict[tuple[int, int, int], tuple[str, str, str]] = {
    (0, 0, 0): ("black", "чорний", "чёрный"),
    (255, 255, 255): ("white", "білий", "белый"),
    (128, 128, 128): ("grey", "сірий", "серый"),
    (220, 30, 30): ("red", "червоний", "красный"),
    (245, 140, 20): ("orange", "помаранчевий", "оранжевый"),
    (245, 225, 40): ("yellow", "жовтий", "жёлтый"),
    (40, 160, 50): ("green", "зелений", "зелёный"),
    (60, 190, 200): ("turquoise", "бірюзовий", "бирюзовый"),
    (40, 80, 210): ("blue", "синій", "синий"),
    (130, 60, 180): ("purple", "фіолетовий", "фиолетовый"),
    (245, 150, 190): ("pink", "рожевий", "розовый"),
    (120, 75, 40): ("brown", "коричневий", "коричневый"),
}


def describe(urls: Sequence[str], language: Language) -> str:
    """A sentence on the number of pictures and a line on each."""
    lines = [_one(number, url, language) for number, url in enumerate(urls, 1)]
    return "\n".join((say(language, "pictures", count=len(urls)), *lines, say(language, "picture_end")))


def _one(number: int, url: str, language: Language) -> str:
    try:
        width, height, colour = measure(url)
    except (ValueError, OSError, UnidentifiedImageError):
        return say(language, "picture_bad", number=number)
    name = _COLOURS[colour][("en", "uk", "ru").index(language)]
    return say(language, "picture", number=number, width=width, height=height, colour=name)


def measure(url: str) -> tuple[int, int, tuple[int, int, int]]:
    """Width, height and the nearest named colour of a data: URL. Raises ValueError or OSError."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64") or not comma:
        raise ValueError("only data: URLs in base64 are read")
    try:
        raw = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("broken base64") from error
    with Image.open(io.BytesIO(raw)) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ValueError("too many pixels to decode")
        small = image.convert("RGB").resize((48, 48)).quantize(8)
    counts = small.getcolors() or [(1, 0)]
    palette = small.getpalette() or [0, 0, 0]
    _, index = max((count, number) for count, number in counts if isinstance(number, int))
    red, green, blue = palette[3 * index : 3 * index + 3]
    return width, height, _nearest(red, green, blue)


def _nearest(red: int, green: int, blue: int) -> tuple[int, int, int]:
    return min(_COLOURS, key=lambda c: (c[0] - red) ** 2 + (c[1] - green) ** 2 + (c[2] - blue) ** 2)
