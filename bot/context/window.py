"""Which messages a strategy looks at, and where the window over them begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.context.services import ContextSettings
from bot.core.ids import seq_of
from bot.core.views import MessageView, TurnView

MIN_HISTORY = 10
"""Messages that stand in the window however its edge moves, while they fit."""


def candidates(view: TurnView, settings: ContextSettings) -> tuple[MessageView, ...]:
    """The messages that the strategy would take if there were room, oldest first."""
    history = view.history
    if settings.context_strategy == "important":
        return _important(history, settings)
    # Sequence numbers tell how long the conversation is, however much of it was loaded.
    length = seq_of(history[-1].id) if history else 0
    retold = settings.context_strategy == "summary" and view.context_summary
    if retold and length > settings.conversation_summary_after:
        return history[-settings.conversation_window_messages :]
    return history[-settings.immediate_context_messages :]


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
    step = limit // 4 if count >= limit else 2 ** max(0, round(math.log2(count / 4)))
    first = seqs[len(seqs) - count]
    edge = math.ceil((first - 1) / step) * step + 1
    return max(sum(1 for seq in seqs if seq >= edge), least)


def _important(history: Sequence[MessageView], settings: ContextSettings) -> tuple[MessageView, ...]:
    scored = [m for m in history if (m.importance or 0.0) >= settings.importance_threshold]
    scored.sort(key=lambda m: (m.importance or 0.0, m.id), reverse=True)
    return tuple(sorted(scored[: settings.important_messages_limit], key=lambda m: m.id))
