"""How often the bot may write: Telegram allows about 30 messages a second, and 20 a minute in a group."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

from bot.core.ports import Clock

_OVERALL_PER_SECOND = 28
_GROUP_FRAMES_PER_MINUTE = 12
"""Frames of growing answers may take this much of a group's 20; the rest is for answers themselves."""
_MOST_CHATS = 1000


@dataclass(slots=True)
class _Record:
    sent: deque[float] = field(default_factory=deque)
    held_until: float = 0.0


class Pace:
    """Counts what goes to each chat. Answers wait for their turn; frames that do not fit are skipped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._overall = AsyncLimiter(_OVERALL_PER_SECOND, 1.0)
        self._chats: OrderedDict[int, _Record] = OrderedDict()

    async def turn(self, chat_id: int) -> None:
        """Wait until one more request may go out, and count it."""
        await self._overall.acquire()
        record = self._record(chat_id)
        record.sent.append(self._clock.monotonic())

    def room_for_frame(self, chat_id: int, *, private: bool) -> bool:
        """Whether an intermediate edit may be spent on this chat now."""
        record, now = self._record(chat_id), self._clock.monotonic()
        while record.sent and record.sent[0] < now - 60.0:
            record.sent.popleft()
        if now < record.held_until or not self._overall.has_capacity(_OVERALL_PER_SECOND / 4):
            return False
        return private or len(record.sent) < _GROUP_FRAMES_PER_MINUTE

    def hold(self, chat_id: int, seconds: float) -> None:
        """Telegram asked for silence: no frames to this chat for so long."""
        self._record(chat_id).held_until = self._clock.monotonic() + seconds

    def held(self, chat_id: int) -> float:
        """Seconds that such a silence still lasts; 0 when there is none."""
        return max(0.0, self._record(chat_id).held_until - self._clock.monotonic())

    def _record(self, chat_id: int) -> _Record:
        record = self._chats.setdefault(chat_id, _Record())
        self._chats.move_to_end(chat_id)
        if len(self._chats) > _MOST_CHATS:
            self._chats.popitem(last=False)
        return record
