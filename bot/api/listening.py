"""The requests that wait for answers: the sink of the API, and those who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.messages import Reply, TurnRef
from bot.core.ports import ReplySink

CHANNEL = "api"


class Listener:
    """One waiting request: the text so far, and a bell for every change of it."""

    def __init__(self) -> None:
        self.text = ""
        self.closing = False
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        self._bell.set()

    async def changed(self, seconds: float) -> bool:
        """Wait for a change; False when there was none for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return False
        self._bell.clear()
        return True


class Listening:
    """`Sinks` of the API. A turn whose request is gone is answered all the same, and stored."""

    def __init__(self) -> None:
        self._listeners: dict[int, set[Listener]] = {}
        self._closing = False

    def open(self, turn: TurnRef) -> ReplySink:
        """The sink of a turn, whoever listens to it now or later."""
        return _Sink(self, turn.turn_id)

    @contextmanager
    def listen(self, turn_id: int) -> Iterator[Listener]:
        """Listen to a turn for the length of the block."""
        listener = Listener()
        listener.closing = self._closing
        self._listeners.setdefault(turn_id, set()).add(listener)
        try:
            yield listener
        finally:
            others = self._listeners[turn_id]
            others.discard(listener)
            if not others:
                del self._listeners[turn_id]

    def release(self) -> None:
        """The server ends: nobody shall wait any longer."""
        self._closing = True
        for turn_id in tuple(self._listeners):
            for listener in self._listeners[turn_id]:
                listener.closing = True
                listener.ring()

    def tell(self, turn_id: int, text: str | None) -> None:
        """Pass on the text so far, or (None) that the answer is stored."""
        for listener in self._listeners.get(turn_id, ()):
            listener.text = listener.text if text is None else text
            listener.ring()

    def __len__(self) -> int:
        return sum(map(len, self._listeners.values()))


class _Sink:
    """Passes one turn's text on; the answer itself is read from where it is stored."""

    def __init__(self, listening: Listening, turn_id: int) -> None:
        self._listening, self._turn_id = listening, turn_id

    async def begin(self) -> None:
        """An open request is sign enough."""

    def show(self, text: str) -> None:
        """Tell those who listen."""
        self._listening.tell(self._turn_id, text)

    async def finish(self, reply: Reply) -> None:
        """Wake those who wait."""
        self._listening.tell(self._turn_id, None)
