"""Stops asking a model that has been failing, and tries it again after a while."""

from __future__ import annotations

from bot.core.errors import LLMError
from bot.core.ports import Clock

FAILURES, REST_SECONDS = 5, 30.0


class Breaker:
    """Opens after five failures in a row for 30 seconds; then one call at a time may try."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    def enter(self, model: str) -> None:
        """Let a call through. Raises LLMError("unavailable") with the seconds left while open."""
        if self._opened_at is None:
            return
        left = self._opened_at + REST_SECONDS - self._clock.monotonic()
        if left > 0 or self._trying:
            raise LLMError("unavailable", f"{model}: resting after failures", retry_after=max(left, 1.0))
        self._trying = True

    def leave(self, failed: bool | None) -> None:
        """A call that was let through ended; None means that it was given up and says nothing."""
        self._trying = False
        if failed is None:
            return
        self._failures = self._failures + 1 if failed else 0
        self._opened_at = self._clock.monotonic() if self._failures >= FAILURES else None
