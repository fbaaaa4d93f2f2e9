"""Text that both databases can hold: no NUL, no half of a surrogate pair."""

from __future__ import annotations

import json
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL; halves of surrogate pairs are joined, or replaced when they stand alone.

    Models cut such characters in two, and both drivers refuse the whole statement for one of them.
    """
    if _UNSTORABLE.search(text) is None:
        return text
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable_or_none(text: str | None) -> str | None:
    """The same for a text that may be missing."""
    return None if text is None else storable(text)


def dump_json(value: object) -> str:
    """JSON for a column, with every string in it made storable."""
    return json.dumps(_clean(value), ensure_ascii=False)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key) if isinstance(key, str) else key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
