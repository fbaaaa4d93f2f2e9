"""The layer of summaries: the last days and the conversation so far, each under its heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.context.inert import CUT, clean
from bot.core.cut import cut_middle
from bot.core.ports import TokenCounter
from bot.core.views import SummaryView, TurnView

_KINDS = ("recent", "long")
_DAY = 86_400
_ORDER = {"long": 0, "recent": 1, "conversation": 2}


@dataclass(frozen=True, slots=True)
class Section:
    """A summary with its heading; `tokens` counts both."""

    kind: str
    heading: str
    text: str
    tokens: int


def sections(view: TurnView, strategy: str, zone: ZoneInfo, tokens: TokenCounter) -> list[Section]:
    """The summaries that a strategy wants, most needed first."""
    found: list[Section] = []
    if view.context_summary and strategy in ("layered", "summary"):
        text = f"Conversation so far: {clean(view.context_summary).strip()}"
        heading = "## Summary of this conversation before its last messages"
        found.append(Section("conversation", heading, text, tokens.count(f"{heading}\n{text}\n\n")))
    if strategy == "layered":
        found += [_period(s, zone, tokens) for kind in _KINDS for s in view.summaries if s.kind == kind]
    return found


def render(chosen: Sequence[Section], allowed: Sequence[int], tokens: TokenCounter) -> list[str]:
    """The sections within their tokens, the oldest period first; an over-long one loses its middle."""
    pairs = [(s, room) for s, room in zip(chosen, allowed, strict=True) if room > 0]
    pairs.sort(key=lambda pair: _ORDER[pair[0].kind])
    return [_within(section, room, tokens) for section, room in pairs]


def _period(summary: SummaryView, zone: ZoneInfo, tokens: TokenCounter) -> Section:
    start, end = summary.period_start.astimezone(zone), summary.period_end.astimezone(zone)
    days = max(1, round((end - start).total_seconds() / _DAY))
    last = f"{days} days" if days > 1 else "day"
    heading = f"## Summary of the last {last} ({start:%Y-%m-%d} to {end:%Y-%m-%d})"
    text = clean(summary.text).strip()
    return Section(summary.kind, heading, text, tokens.count(f"{heading}\n{text}\n\n"))


def _within(section: Section, room: int, tokens: TokenCounter) -> str:
    text = section.text
    if section.tokens > room:
        text = cut_middle(text, max(0, room - tokens.count(f"{section.heading}\n\n\n")), tokens, CUT)
    return f"{section.heading}\n{text}"
