"""Telegram's sending limits: a message a second in a chat, twenty a minute in a group, thirty a second."""

from __future__ import annotations

import math
from collections import defaultdict, deque

from bot.core.ports import Clock
from bot.playground.emulator.errors import too_many
from bot.playground.records import Chat

CHAT_BURST = 5
GROUP_PER_MINUTE = 20
TOTAL_PER_SECOND = 30
DRAFT_BURST = 5
DRAFTS_PER_SECOND = 3.0


class Bucket:
    """Tokens that come back at a steady rate."""

    def __init__(self, size: int, per_second: float, now: float) -> None:
        self.size, self.per_second = size, per_second
        self.level, self.at = float(size), now

    def lacking(self, now: float) -> float:
        """Seconds until a token is there; 0 if there is one."""
        self.level = min(self.size, self.level + (now - self.at) * self.per_second)
        self.at = now
        return 0.0 if self.level >= 1 else (1 - self.level) / self.per_second


class Window:
    """At most `count` events in any stretch of `seconds`."""

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.seconds = count, seconds
        self.times: deque[float] = deque()

    def lacking(self, now: float) -> float:
        """Seconds until there is room; 0 if there is."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return 0.0 if len(self.times) < self.count else self.times[0] + self.seconds - now


class RateLimits:
    """Counts sends and edits, which share one quota; off by default."""

    def __init__(self, clock: Clock, enabled: bool = False) -> None:
        self.enabled = enabled
        self._clock = clock
        self._chats: dict[tuple[int, int], Bucket] = {}
        self._drafts: dict[tuple[int, int], Bucket] = {}
        self._groups: defaultdict[tuple[int, int], Window] = defaultdict(lambda: Window(GROUP_PER_MINUTE, 60))
        self._totals: defaultdict[int, Window] = defaultdict(lambda: Window(TOTAL_PER_SECOND, 1))

    def spend(self, bot_id: int, chat: Chat) -> None:
        """Count one send or edit. Raises 429 with the seconds to wait, rounded up."""
        if not self.enabled:
            return
        now = self._clock.now().timestamp()
        key = (bot_id, chat.id)
        bucket = self._chats.setdefault(key, Bucket(CHAT_BURST, 1.0, now))
        windows = [self._totals[bot_id]]
        if chat.type != "private":
            windows.append(self._groups[key])
        wait = max(bucket.lacking(now), *(window.lacking(now) for window in windows))
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        bucket.level -= 1
        for window in windows:
            window.times.append(now)

    def spend_draft(self, bot_id: int, chat: Chat) -> None:
        """Count one draft frame, which has a quota of its own. Raises 429."""
        if not self.enabled:
            return
        now = self._clock.now().timestamp()
        bucket = self._drafts.setdefault((bot_id, chat.id), Bucket(DRAFT_BURST, DRAFTS_PER_SECOND, now))
        wait = bucket.lacking(now)
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        bucket.level -= 1
