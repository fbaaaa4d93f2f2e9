"""Words reduced to what their forms share."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from threading import Lock

import snowballstemmer

from bot.memory.irregular import ENGLISH
from bot.memory.slavic import is_slavic, slavic_stem

_STEMMERS: dict[str, snowballstemmer.stemmer] = {}
# A stemmer of the library works in fields of its own and is no good for two threads at a time.
_LOCK = Lock()
_PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}


@lru_cache(maxsize=65_536)
def stem(word: str, language: str | None = None) -> str:
    """The stem of a case-folded word without apostrophes.

    Cyrillic words by their own letters; Latin ones as English, or in `language` (a Snowball name). Accents
    of Latin letters are dropped in the end: people leave them out when they ask.
    """
    if word.isascii():
        if language is None:
            word = ENGLISH.get(word, word)
        return _snowball(language or "english", word)
    if is_slavic(word):
        return slavic_stem(word)
    if _is_latin(word):
        return _bare(_snowball(language or "english", word))
    return word


def _snowball(language: str, word: str) -> str:
    with _LOCK:
        stemmer = _STEMMERS.get(language)
        if stemmer is None:
            stemmer = _STEMMERS[language] = snowballstemmer.stemmer(language)
        found: str = stemmer.stemWord(word)
    return found


def _is_latin(word: str) -> bool:
    return all(c < "\u0370" or "\u1e00" <= c < "\u1f00" for c in word)


def _bare(word: str) -> str:
    return "".join(
        _PLAIN.get(c, c) for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)
    )
