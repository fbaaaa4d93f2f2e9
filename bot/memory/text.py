"""Texts made comparable: what counts as the same words."""

from __future__ import annotations

import re
import unicodedata

_SAME = str.maketrans(dict.fromkeys("’‘‛ʼʻʹ′´`", "'") | {"ё": "е"})
_INSIDE = frozenset("'+#")
"""Kept within or after a word: м'ята, C++, C#."""
# Scripts that put no spaces between words: there any place may begin or end a quote.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)


def normal(text: str) -> str:
    """One line of NFKC, case-folded words, with one kind of apostrophe; punctuation is dropped.

    Empty for a text without words, such as a row of emoji.
    """
    # Apostrophes before NFKC, which would take some of them apart into a space and an accent.
    folded = unicodedata.normalize("NFKC", text.translate(_SAME)).casefold().translate(_SAME)
    words = (word.lstrip("'+#").rstrip("'") for word in folded.translate(_KEPT).split())
    return " ".join(word for word in words if word)


class _Kept(dict[int, int]):
    """For `translate`: characters of words stay, all others become spaces; each is looked at once."""

    def __missing__(self, code: int) -> int:
        self[code] = code if _in_word(chr(code)) else ord(" ")
        return self[code]


_KEPT = _Kept()


def _in_word(character: str) -> bool:
    # Marks belong to their letter: in Thai they alone tell many words apart.
    return character in _INSIDE or character.isalnum() or unicodedata.category(character).startswith("M")


def holds(text: str, words: str) -> bool:
    """Whether the normal form `words` stands in the normal form `text`, as whole words."""
    at = text.find(words)
    while words and at >= 0:
        end = at + len(words)
        if _edge(text, at) and _edge(text, end):
            return True
        at = text.find(words, at + 1)
    return False


def _edge(text: str, at: int) -> bool:
    """Whether a word may begin or end between the characters before and at a place."""
    if at == 0 or at == len(text):
        return True
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M"):
        return False
    return " " in (before, after) or bool(_UNSPACED.match(before) or _UNSPACED.match(after))
