"""Untrusted text made harmless: names, titles and quotes as single capped lines."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_KEPT = "\n\t\u200d"  # the joiner holds families of emoji together
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_BRACKETS = str.maketrans({"[": "(", "]": ")"})


def visible(text: str) -> str:
    """The text without control, format and surrogate characters; line breaks and tabs stay."""
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _HIDDEN)


def one_line(text: str, limit: int = 120) -> str:
    """The text on one line, at most `limit` characters, with an ellipsis where it was cut."""
    line = _SPACES.sub(" ", visible(text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def label(name: str, limit: int = 64) -> str:
    """A display name that can forge no line: one line, no square brackets, capped."""
    return one_line(name, limit).translate(_BRACKETS)
