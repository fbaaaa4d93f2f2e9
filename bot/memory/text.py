"""Texts made comparable: what counts as the same words."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[\w'’ʼ]+", re.UNICODE)
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "ё": "е"})


def normal(text: str) -> str:
    """One line of NFKC, case-folded words, with one kind of apostrophe; punctuation is dropped."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return " ".join(_WORD.findall(folded))
