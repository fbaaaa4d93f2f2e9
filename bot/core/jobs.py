"""Durable work as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NewType

OwnPool = NewType("OwnPool", str)
"""The pool of one terminal, which nobody else does; it is named as the channel of its turns."""

Pool = Literal["receive", "answer", "background"] | OwnPool
"""Who does a job: receiving is quick, answering waits for models, the rest has time."""

TERMINAL = "cli:"
"""What the channel and the pool of a terminal begin with."""


def answering_pool(channel: str) -> Pool:
    """Who answers the turns of a channel: a terminal itself, since only it can show them."""
    return OwnPool(channel) if channel.startswith(TERMINAL) else "answer"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue. Jobs of one lane run one at a time, in order; a known dedup key is enqueued once."""

    kind: str
    pool: Pool
    lane: str
    payload: dict[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker holds under a lease; `attempts` counts this one too."""

    id: int
    kind: str
    pool: Pool
    lane: str
    payload: dict[str, Any]
    attempts: int
    first_failed_at: datetime | None
    created_at: datetime
