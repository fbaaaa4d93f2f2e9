"""Sums worked out by a tiny parser that knows numbers, four operations and brackets."""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException

_ASKED = re.compile(
    r"^(?:what(?:'s| is)|how much is|calculate|скільки буде|порахуй|обчисли|сколько будет|посчитай"
    r"|вычисли)?\s*"
    r"(?P<sum>[-+(]*\d[\d\s.,+\-*/×÷·:()−–]*)\s*=?\s*\??$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[-+*/()]")
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", ":": "/", "−": "-", "–": "-", ",": ".", " ": None})


def work_out(text: str) -> tuple[str, str] | None:
    """The sum as it was asked and its value, or None when the text is no sum."""
    asked = _ASKED.match(text.strip())
    if asked is None or len(text) > 200:
        return None
    flat = asked["sum"].translate(_SIGNS)
    tokens = _TOKEN.findall(flat)
    if "".join(tokens) != flat or not any(sign in tokens for sign in "+-*/"):
        return None
    try:
        value, rest = _sum(tokens)
    except (DecimalException, ValueError, RecursionError):
        return None
    return None if rest else (asked["sum"].strip(), f"{value.normalize():f}")


def _sum(tokens: list[str]) -> tuple[Decimal, list[str]]:
    value, tokens = _product(tokens)
    while tokens and tokens[0] in "+-":
        sign, (right, rest) = tokens[0], _product(tokens[1:])
        value, tokens = value + right if sign == "+" else value - right, rest
    return value, tokens


def _product(tokens: list[str]) -> tuple[Decimal, list[str]]:
    value, tokens = _single(tokens)
    while tokens and tokens[0] in "*/":
        sign, (right, rest) = tokens[0], _single(tokens[1:])
        value, tokens = value * right if sign == "*" else value / right, rest
    return value, tokens


def _single(tokens: list[str]) -> tuple[Decimal, list[str]]:
    if not tokens:
        raise ValueError("a number is missing")
    first, rest = tokens[0], tokens[1:]
    if first in "+-":
        value, rest = _single(rest)
        return (value if first == "+" else -value), rest
    if first == "(":
        value, rest = _sum(rest)
        if rest[:1] != [")"]:
            raise ValueError("a bracket is open")
        return value, rest[1:]
    if first in ")*/":
        raise ValueError("a number is missing")
    return Decimal(first), rest
