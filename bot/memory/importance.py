"""How much a message matters regardless of a question: what a reader said, bounded by what code knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

ORDINARY = 0.2
"""Of a message that was read and not named."""

WITH_FACT = 0.6
"""At least, for a message that a kept fact stands on: what was worth keeping was worth saying."""


def scores(read: Sequence[int], named: Mapping[int, float], with_fact: Collection[int]) -> dict[int, float]:
    """The importance of each message that was read, 0 to 1 in steps of 0.05."""
    found = {}
    for message_id in read:
        score = min(1.0, max(0.0, named.get(message_id, ORDINARY)))
        if message_id in with_fact:
            score = max(score, WITH_FACT)
        found[message_id] = round(score * 20) / 20
    return found
