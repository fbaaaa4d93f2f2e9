"""Which function does which kind of job, and how patient it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.core.jobs import ClaimedJob, NewJob, Pool

__all__ = ["ClaimedJob", "JobHandler", "JobRegistry", "NewJob", "Pool", "RetryPolicy"]

JobHandler = Callable[[ClaimedJob], Awaitable[None]]
GiveUp = Callable[[ClaimedJob, Exception], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failing job is tried: at most `attempts` times and for `patience` seconds in all.

    The pauses double from `first_pause` seconds up to `longest_pause`.
    """

    attempts: int = 8
    patience: float = 120.0
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the attempt-th failure."""
        return float(min(self.first_pause * 2 ** (attempt - 1), self.longest_pause))


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind's handler, its policy, and what makes a buried job visible to the person who waits."""

    handler: JobHandler
    policy: RetryPolicy
    give_up: GiveUp | None


class JobRegistry:
    """All kinds of jobs that this process can do."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def register(
        self, kind: str, handler: JobHandler, policy: RetryPolicy | None = None, give_up: GiveUp | None = None
    ) -> None:
        """Name the handler of a kind; `give_up` is called once before its dead letter is written."""
        if kind in self._entries:
            raise ValueError(f"two handlers for {kind}")
        self._entries[kind] = Entry(handler, policy or RetryPolicy(), give_up)

    def entry(self, kind: str) -> Entry:
        """The entry of a kind. Raises KeyError for an unknown one (an older version's job)."""
        return self._entries[kind]
