"""Patterns that people wrote, run in linear time: no pattern and no text can hold up the loop."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

PATTERN_LENGTH = 256
TEXT_LENGTH = 1000
_MEMORY = 1 << 20
"""Bytes that a compiled pattern may take: nested repetitions multiply."""


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern; None when it can be run."""
    if len(pattern) > PATTERN_LENGTH:
        return f"it is longer than {PATTERN_LENGTH} characters"
    try:
        _compiled(pattern)
    except UnicodeError:
        return "it is no text"
    except re2.error as error:
        return _message(error)
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern fits a whole text; one longer than 1000 characters, or broken, fits none."""
    if len(text) > TEXT_LENGTH:
        return False
    try:
        return _compiled(pattern).fullmatch(text) is not None
    except UnicodeError:  # half a character, which JSON can carry
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def _message(error: Exception) -> str:
    text = error.args[0] if error.args else "it cannot be read"
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
