"""The layer of facts: what is remembered about the asker, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.context.dates import ago
from bot.context.inert import line
from bot.core.views import FactView

FACT_LENGTH = 500
"""Characters of one fact that enter a prompt."""


_LASTING = ("home", "work")
_PASSING = ("plan", "health")


def fact_line(fact: FactView, zone: ZoneInfo, now: datetime | None = None) -> str:
    """A fact as one `- ` line, with its day where that helps enough to pay for it with others' room.

    With `now` the line tells how long ago a passing thing was said; without, it stays the same every day.
    """
    return f"- {line(fact.text, FACT_LENGTH)}{_dated(fact, zone, now)}"


def _dated(fact: FactView, zone: ZoneInfo, now: datetime | None) -> str:
    said = f"{fact.said_at.astimezone(zone):%Y-%m-%d}"
    if fact.kind in _LASTING:
        return f" (known since {said})"
    if fact.kind in _PASSING:
        return f" (said {said})" if now is None else f" (said {ago(fact.said_at, now, zone)})"
    return ""


def by_need(facts: Sequence[FactView]) -> list[FactView]:
    """Who is kept first when not all fit: pinned ones, then the higher priority, then the newer."""
    return sorted(facts, key=lambda f: (f.pinned, f.priority, f.said_at, f.id), reverse=True)


def fact_lines(
    facts: Sequence[FactView], kept: frozenset[int | str], zone: ZoneInfo, now: datetime | None = None
) -> str:
    """The kept facts, newest first; empty when there are none."""
    chosen = sorted((f for f in facts if f.id in kept), key=lambda f: (f.said_at, f.id), reverse=True)
    return "\n".join(fact_line(fact, zone, now) for fact in chosen)
