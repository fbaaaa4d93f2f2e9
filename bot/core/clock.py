"""The system's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Real time, aware and in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, never backwards."""
        return time.monotonic()
