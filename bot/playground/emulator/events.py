"""What happens in the playground, as a numbered stream that a page can follow and take up again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.playground.store import Json

KEPT = 5000


class Signal:
    """Wakes everybody who waits for the next change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        """Wake all who wait now."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; whether there was a change."""
        if timeout <= 0:
            return False
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True


@dataclass(frozen=True)
class Event:
    """Something that a messenger page shows."""

    id: int
    kind: str
    body: Json


class EventLog:
    """The last events; ids grow, also over a restart, because they begin at the clock's milliseconds."""

    def __init__(self, first_id: int) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._next = first_id
        self._closed = False
        self.changed = Signal()

    @property
    def last_id(self) -> int:
        """The id of the newest event; what a page remembers to go on from."""
        return self._next - 1

    def emit(self, kind: str, **body: object) -> Event:
        """Add an event and wake the readers."""
        event = Event(self._next, kind, dict(body))
        self._next += 1
        self._events.append(event)
        self.changed.fire()
        return event

    def after(self, event_id: int) -> list[Event] | None:
        """Events newer than `event_id`, or None when some of them are no longer kept."""
        oldest = self._events[0].id if self._events else self._next
        if not oldest - 1 <= event_id < self._next:
            return None
        return [event for event in self._events if event.id > event_id]

    async def follow(self, event_id: int, beat: float = 15.0) -> AsyncIterator[Event | None]:
        """Events after `event_id` as they come; None every `beat` quiet seconds.

        A gap that cannot be filled shows as one event of kind "reset": the reader should load the state anew.
        """
        while not self._closed:
            found = self.after(event_id)
            if found is None:
                found = [Event(self.last_id, "reset", {})]
            for event in found:
                event_id = event.id
                yield event
            if not found and not await self.changed.wait(beat) and not self._closed:
                yield None

    def close(self) -> None:
        """End every follower."""
        self._closed = True
        self.changed.fire()
