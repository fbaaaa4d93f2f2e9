"""Which messages a strategy looks at, and where the window over them begins."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from bot.context.services import ContextSettings
from bot.core.ids import seq_of
from bot.core.views import MessageView, TurnView

_ENOUGH = 0.6
"""How much of a window bound by tokens stays when its edge moves."""

MIN_HISTORY = 10
"""Messages that stand in the window however its edge moves, while they fit."""


def candidates(view: TurnView, settings: ContextSettings) -> tuple[MessageView, ...]:
    """The messages that the strategy would take if there were room, oldest first."""
    history = view.history
    if settings.context_strategy == "important":
        chosen = by_importance(view, settings)[: settings.important_messages_limit]
        return tuple(sorted(chosen, key=lambda m: m.id))
    # Sequence numbers tell how long the conversation is, however much of it was loaded.
    length = seq_of(history[-1].id) if history else 0
    retold = settings.context_strategy == "summary" and view.context_summary
    if retold and length > settings.conversation_summary_after:
        return history[-settings.conversation_window_messages :]
    return history[-settings.immediate_context_messages :]


def most(settings: ContextSettings) -> int:
    """How many messages the strategy's window holds at most."""
    if settings.context_strategy == "important":
        return settings.important_messages_limit
    return settings.immediate_context_messages


def shows_important(settings: ContextSettings) -> bool:
    """Whether older messages that matter may stand in the prompt."""
    return settings.context_strategy in ("layered", "important")


def moves_in_steps(settings: ContextSettings) -> bool:
    """Whether the window follows the conversation, so that its edge should seldom move."""
    return settings.context_strategy in ("layered", "window")


def newest_within(costs: Sequence[int], room: int) -> int:
    """How many of the newest items fit together into `room` tokens."""
    kept = 0
    for cost in reversed(costs):
        room -= cost
        if room < 0:
            break
        kept += 1
    return kept


def steady_count(seqs: Sequence[int], fits: int, steady: int, limit: int) -> int:
    """How many of the newest messages to keep so that the first of them stays the same for many turns.

    `fits` messages fit now and `steady` (≤ `fits`) would fit on most turns; `limit` is the most that is ever
    kept. The edge stands at fixed places of the conversation, about a quarter of the window apart: every
    message before it is then a prefix that endpoints have cached.
    """
    count = min(steady, fits, len(seqs))
    least = min(MIN_HISTORY, fits)
    if count == len(seqs) < limit:
        return count
    if count == 0:
        return least
    first = seqs[len(seqs) - count]
    if count >= limit:
        return max(_from(seqs, _edge(first, limit // 4)), least)
    # The largest step that leaves enough: with the step of a fixed place the edge never moves back.
    step = 2 ** int(math.log2(count))
    while step > 1 and _from(seqs, _edge(first, step)) < count * _ENOUGH:
        step //= 2
    return max(_from(seqs, _edge(first, step)), least)


def _edge(first: int, step: int) -> int:
    """The first place at or after `first` where an edge may stand."""
    return math.ceil((first - 1) / step) * step + 1


def _from(seqs: Sequence[int], edge: int) -> int:
    return len(seqs) - bisect_left(seqs, edge)


def by_importance(view: TurnView, settings: ContextSettings) -> list[MessageView]:
    """All messages of the view that matter, the most important and of equals the newest first."""
    every = (*view.important, *view.history)
    scored = [m for m in every if (m.importance or 0.0) >= settings.importance_threshold]
    return sorted(scored, key=lambda m: (m.importance or 0.0, m.id), reverse=True)
