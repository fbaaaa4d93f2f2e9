"""The layer of facts: what is remembered about the asker, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from bot.context.inert import line
from bot.core.views import FactView

FACT_LENGTH = 500
"""Characters of one fact that enter a prompt."""


def fact_line(fact: FactView) -> str:
    """A fact as one `- ` line."""
    return f"- {line(fact.text, FACT_LENGTH)}"


def by_need(facts: Sequence[FactView]) -> list[FactView]:
    """Who is kept first when not all fit: pinned ones, then the higher priority, then the newer."""
    return sorted(facts, key=lambda f: (f.pinned, f.priority, f.said_at, f.id), reverse=True)


def fact_lines(facts: Sequence[FactView], kept: frozenset[int | str]) -> str:
    """The kept facts, newest first; empty when there are none."""
    chosen = sorted((f for f in facts if f.id in kept), key=lambda f: (f.said_at, f.id), reverse=True)
    return "\n".join(map(fact_line, chosen))
