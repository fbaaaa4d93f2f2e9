"""Whether two facts say the same, the contrary, or something else: by their words alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from bot.memory.lexing import query_terms
from bot.memory.text import normal

Likeness = Literal["same", "contrary", "other"]

SAME = 0.8
"""Share of common words from which two facts are one."""

_NOT = frozenset(
    (
        "not", "no", "never", "don't", "doesn't", "didn't", "isn't", "can't", "cannot", "won't", "without",
        "не", "ні", "ніколи", "без", "немає", "нет", "ни", "никогда",
    )
)  # fmt: skip

_PASSING = frozenset(
    (
        "anymore", "more", "longer", "now", "already", "still", "currently", "any",
        "більше", "вже", "уже", "тепер", "зараз", "ще", "досі", "больше", "теперь", "сейчас", "еще",
    )
)  # fmt: skip
"""Words that tell that something changed, or has not: they say nothing about what it is."""


@lru_cache(maxsize=4096)
def stems(text: str) -> tuple[str, ...]:
    """The words that carry a text's meaning, without what grammar changes, in their order."""
    return tuple(query_terms(text))


def negated(text: str) -> bool:
    """Whether the text says that something is not so."""
    return any(word in _NOT for word in normal(text).split())


def compare(one: str, other: str) -> Likeness:
    """How two facts stand to each other."""
    if normal(one) == normal(other):
        return "same"
    first, second = _said(one), _said(other)
    a, b = set(first), set(second)
    if not a or not b or len(a & b) / len(a | b) < SAME or _numbers(a) != _numbers(b):
        return "other"
    if negated(one) != negated(other):
        return "contrary" if a == b else "other"
    # The same words in another order may have changed who does what to whom.
    return "same" if a != b or first == second or min(_names(one), _names(other)) < 2 else "other"


@lru_cache(maxsize=4096)
def _said(text: str) -> tuple[str, ...]:
    """The stems of a statement: without words that only tell that it changed, and with "like" as a verb."""
    words = normal(text).split()
    told = ["likes" if word == "like" else word for word in words if word not in _PASSING]
    return stems(" ".join(told or words))


def common(one: str, others: Iterable[str]) -> bool:
    """Whether a text shares a meaningful word with any of the others."""
    mine = set(stems(one))
    return any(mine & set(stems(other)) for other in others)


def _numbers(words: set[str]) -> set[str]:
    return {word for word in words if any(character.isdigit() for character in word)}


def _names(text: str) -> int:
    return sum(word[:1].isupper() for word in text.split())
