"""The ports to the outside world; everything else in the house is concrete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.llm import Completion, LLMRequest, Message, ToolSpec
from bot.core.messages import Reply, TurnRef


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...


class LLM(Protocol):
    """A chat model behind an OpenAI-compatible endpoint."""

    @property
    def model(self) -> str:
        """The configured model's name."""
        ...

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """Run one call to its end.

        `on_text` gets the whole text so far at every delta (a retry starts it anew, so it may shrink).
        Raises `bot.core.errors.LLMError`; cancelling the task cancels the call.
        """
        ...


class TokenCounter(Protocol):
    """Counts tokens as the configured model would."""

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...

    def count_messages(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
        """Tokens of a whole prompt: messages with their framing, image parts, and tool schemas."""
        ...


class Embedder(Protocol):
    """A model that turns texts into vectors whose cosine tells how close they are in meaning."""

    @property
    def model(self) -> str:
        """The model's name; vectors of different models cannot be compared."""
        ...

    @property
    def dims(self) -> int | None:
        """Numbers of a vector; None until the model has answered once."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order; zeros for a text without a character to embed.

        Raises `bot.core.errors.LLMError`.
        """
        ...


class Files(Protocol):
    """Bytes of a file that stands at the platform."""

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        """The file's bytes. Raises `bot.core.errors.FileUnavailable` when too large or gone."""
        ...


class ReplySink(Protocol):
    """Where one turn's answer becomes visible: a chat, an HTTP response, a terminal."""

    async def begin(self) -> None:
        """The answer is being worked on (a typing sign)."""
        ...

    def show(self, text: str) -> None:
        """The answer so far; must return at once and may be skipped at will."""
        ...

    async def finish(self, reply: Reply) -> None:
        """Show the finished answer exactly once, also when called again after a crash.

        Raises `bot.core.errors.DeliveryError`.
        """
        ...


class Sinks(Protocol):
    """Opens the sink of a turn for the face that the turn came from."""

    def open(self, turn: TurnRef) -> ReplySink:
        """A sink for the turn; one that drops everything when its listener is gone."""
        ...
