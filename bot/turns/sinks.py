"""Which face shows which turn."""

from __future__ import annotations

from bot.core.messages import Reply, TurnRef
from bot.core.ports import ReplySink, Sinks


class NullSink:
    """For a listener that is gone: the answer is stored, nobody is told."""

    async def begin(self) -> None:
        """Nobody waits."""

    def show(self, text: str) -> None:
        """Nobody looks."""

    async def finish(self, reply: Reply) -> None:
        """Nobody is left; whoever comes back finds the answer in the conversation."""


class SinkRouter:
    """Opens the sink of the face that a turn came from."""

    def __init__(self) -> None:
        self._faces: dict[str, Sinks] = {}

    def add(self, channel: str, sinks: Sinks) -> None:
        """Name the sinks of a channel."""
        self._faces[channel] = sinks

    def open(self, turn: TurnRef) -> ReplySink:
        """The turn's sink, or one that drops everything."""
        face = self._faces.get(turn.channel)
        return NullSink() if face is None else face.open(turn)
