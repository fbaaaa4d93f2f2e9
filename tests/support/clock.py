"""A clock that moves only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


class ManualClock:
    """Time that stands still until `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._seconds = 0.0

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that the clock was advanced by."""
        return self._seconds

    def advance(self, seconds: float) -> datetime:
        """Move on; returns the new present."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._seconds += seconds
        self._now += timedelta(seconds=seconds)
        return self._now
