"""How often a caller may ask: a bucket of tokens each, refilled all the time."""

from __future__ import annotations

import math
from collections import OrderedDict

from bot.core.ports import Clock

MOST_CALLERS = 10_000
"""Callers that are remembered; the longest silent one is forgotten first, and its bucket is full again."""


class Pace:
    """`per_minute` requests of one caller, as many of them at once as there are in a minute."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._size = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> int:
        """Count a request; 0 if it may pass, else whole seconds after which the next one may."""
        now = self._clock.monotonic()
        tokens, at = self._buckets.pop(caller, (self._size, now))
        tokens = min(self._size, tokens + (now - at) * self._size / 60)
        passes = tokens >= 1
        self._buckets[caller] = (tokens - 1 if passes else tokens, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return 0 if passes else max(1, math.ceil((1 - tokens) * 60 / self._size))
