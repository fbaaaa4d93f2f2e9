"""Texts as index terms: the same for what is stored and for what is asked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from bot.memory.language import STOP_WORDS, function_words, language_of
from bot.memory.stemming import stem

TERM_LENGTH = 40
"""Characters of a term at most; what is longer (a key, a blob) is cut, not dropped."""

_SHORTEST = 3
_APOSTROPHES = frozenset("'’‘‛ʼʻʹ′`")
_KEPT = frozenset("@#+.,:_")
_FOLDED = {"ё": "е", "ґ": "г"}
# Scripts that put no spaces between words, or none that search can rely on.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
)
_MARKS = "".join(
    chr(code)
    for first, last in ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
    for code in range(first, last + 1)
    if unicodedata.category(chr(code)).startswith("M")
)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_CLUSTER = re.compile(f"[^{_MARKS}][{_MARKS}]*|[{_MARKS}]+")
_LETTER = r"[^\s@#+.,:'_0-9]"
_TOKEN = re.compile(
    rf"(?P<mention>(?<![^\s'.,:])@[a-z0-9_]{{2,64}})"
    rf"|(?P<number>[0-9]+(?:[.,:][0-9]+)*)"
    rf"|(?P<word>{_LETTER}(?:{_LETTER}|[0-9])*(?:'{_LETTER}+)*(?:(?:\+\+|\#)(?!\w))?)"
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_PAIR = re.compile(r"[0-9]+[.,:][0-9]+")
_CONTRACTED = re.compile(r"'(?:s|ll|ve|re|m|d)$|(?<=s)'$")
_ELIDED = re.compile(r"^(?:[ldjmtscn]|qu|dell|nell|sull|all|un)'(?=.{2})")


class _Folding(dict[int, "str | None"]):
    """What a character is indexed as, worked out when it is first met: itself, a space or nothing."""

    def __missing__(self, code: int) -> str | None:
        folded = _folded(chr(code))
        if len(self) < 30_000:
            self[code] = folded
        return folded


def _folded(character: str) -> str | None:
    if character in _APOSTROPHES:
        return "'"
    if character in _KEPT or character in _FOLDED:
        return _FOLDED.get(character, character)
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] in "LN":
        return character
    if category[0] == "M":
        # Vowel signs of Arabic and Hebrew are rarely written; elsewhere marks belong to their letter.
        return None if 0x0590 <= ord(character) <= 0x08FF or 0xFE00 <= ord(character) <= 0xFE0F else character
    if category == "So" and ord(character) > 0x2300:
        return f" {character} "  # an emoji is a word
    return None if category in ("Cf", "Sk") else " "


_FOLDING = _Folding()


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, with repetitions.

    Words are case-folded and stemmed (a Cyrillic word by its own letters, so that it is the same term in
    every text); scripts without spaces become single characters and pairs of them; numbers, @names and
    names like C++ stay whole.
    """
    words = list(_words(text))
    language = language_of(word for kind, word in words if kind == "word")
    found: list[str] = []
    for kind, word in words:
        if kind == "word":
            found += _indexed(word, language)
        elif kind == "run":
            found += _grams(word)
        else:
            found += _plain(kind, word)
    return found


def query_terms(text: str) -> list[str]:
    """The distinct terms to look for, without function words unless nothing else is left."""
    words = list(_words(text))
    language = language_of(word for kind, word in words if kind == "word")
    idle = function_words(language)
    meant = [
        (kind, word)
        for kind, word in words
        if kind != "word" or (word.replace("'", "") not in STOP_WORDS and word not in idle)
    ]
    found: dict[str, None] = {}
    for kind, word in meant or words:
        if kind == "word":
            found.update(dict.fromkeys(_indexed(word, language)))
        elif kind == "run":
            found.update(dict.fromkeys(_sought(word)))
        else:
            found.update(dict.fromkeys(_plain(kind, word)))
    return list(found)


def meant_words(text: str) -> dict[str, str]:
    """The words of a text that carry a meaning: by its term, each as it first stands there, in small letters.

    Function words, words of two letters, numbers, @names and scripts without spaces are left out.
    """
    words = list(_words(text))
    language = language_of(word for kind, word in words if kind == "word")
    idle = function_words(language)
    found: dict[str, str] = {}
    for kind, word in words:
        bare = _CONTRACTED.sub("", word)
        forms = {word, bare, word.replace("'", ""), bare.replace("'", "")}
        if kind != "word" or len(bare) < _SHORTEST or forms & STOP_WORDS or forms & idle:
            continue
        for term in _indexed(word, language)[:1]:
            found.setdefault(term, bare)
    return found


def _words(text: str) -> Iterator[tuple[str, str]]:
    """The folded words of a text with their kind: word, run (of an unspaced script), number or mention."""
    if text.isascii():
        folded = text.lower().translate(_FOLDING)
    else:
        # An acute accent that stands alone is an apostrophe; NFKC would make a space of it.
        folded = unicodedata.normalize("NFKC", text.replace("´", "'")).casefold().translate(_FOLDING)
    for match in _TOKEN.finditer(folded):
        kind, word = match.lastgroup or "word", match[0]
        if kind != "word" or word.isascii() or not _HAS_UNSPACED.search(word):
            yield kind, word
        else:
            for run in _RUN.findall(word):
                yield ("run" if _HAS_UNSPACED.match(run) else "word"), run


@lru_cache(maxsize=65_536)
def _indexed(word: str, language: str | None) -> tuple[str, ...]:
    if "'" in word:
        word = _ELIDED.sub("", _CONTRACTED.sub("", word)).replace("'", "")
    if word.endswith(("++", "#")):
        return (word[-TERM_LENGTH:],)
    found = dict.fromkeys((stem(word), stem(word, language) if language else ""))
    return tuple(term[:TERM_LENGTH] for term in found if term)


def _plain(kind: str, word: str) -> list[str]:
    if kind == "mention":
        # The name may be asked for without its sign, or in part.
        return [
            word[:TERM_LENGTH],
            *(part for piece in word[1:].split("_") if piece for part in _indexed(piece, None)),
        ]
    if _THOUSANDS.fullmatch(word):
        return [word.replace(",", "")[:TERM_LENGTH]]
    if _PAIR.fullmatch(word):
        return [word.replace(",", ".")[:TERM_LENGTH]]
    return [_number(part) for part in re.split("[.,:]", word)]


def _number(digits: str) -> str:
    return (digits.lstrip("0") or "0") if len(digits) <= 2 else digits[:TERM_LENGTH]


@lru_cache(maxsize=8_192)
def _grams(run: str) -> tuple[str, ...]:
    """Single characters and pairs of neighbours, in order; a mark counts with its letter."""
    units = _CLUSTER.findall(run)
    found = [units[0]]
    for one, two in pairwise(units):
        found += (one + two, two)
    return tuple(found)


def _sought(run: str) -> list[str]:
    units = _CLUSTER.findall(run)
    if len(units) == 1:
        return units
    return [one + two for one, two in pairwise(units)]
