"""What an image costs in tokens, read from the head of its data URL."""

from __future__ import annotations

import base64
import binascii
import io
import math
from typing import Any

BASE, TILE = 85, 170
UNKNOWN = BASE + 6 * TILE
_HEAD = 1 << 17  # base64 characters: formats name their size near the start
_SIDE, _SHORT, _TILE_SIDE = 2048, 768, 512


def image_tokens(image: Any) -> int:
    """Tokens of an `image_url` value by the tiles rule; 1105 where the size cannot be read."""
    if isinstance(image, str):
        image = {"url": image}
    if not isinstance(image, dict):
        return UNKNOWN
    if image.get("detail") == "low":
        return BASE
    size = _size(image.get("url"))
    return UNKNOWN if size is None else _by_tiles(*size)


def _by_tiles(width: int, height: int) -> int:
    shrink = min(1.0, _SIDE / max(width, height, 1))
    width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
    shrink = min(1.0, _SHORT / min(width, height))
    width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
    return BASE + TILE * math.ceil(width / _TILE_SIDE) * math.ceil(height / _TILE_SIDE)


def _size(url: Any) -> tuple[int, int] | None:
    if not isinstance(url, str) or not url.startswith("data:"):
        return None
    head, comma, data = url[: _HEAD + 200].partition(",")
    if not comma or not head.endswith(";base64"):
        return None
    from PIL import Image

    try:
        with Image.open(io.BytesIO(base64.b64decode(data[: len(data) // 4 * 4]))) as picture:
            return picture.size
    except (OSError, ValueError, binascii.Error, SyntaxError, Image.DecompressionBombError):
        return None
