"""What a search is asked for, and what it finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["message", "fact", "summary", "chunk"]
KINDS: tuple[Kind, ...] = ("message", "fact", "summary", "chunk")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question's embedding and the model that made it."""

    model: str
    vector: Sequence[float]


@dataclass(frozen=True, slots=True)
class Ask:
    """A search: `query` as the asker in `zone` means it at `now`.

    `chats` (`chats.id`) narrows what they may see; `without` are messages that they see anyway, `before` (a
    message id) stands for all of its conversation from there on. Hits under `threshold` are left out.
    `neighbours` also gives what was said right beside it, as a talk is understood by that.
    `cleared` also looks behind /clear; `topic` keeps to the talk of one topic of a group (0: outside of all).
    `strictly` keeps to the time and the `speaker` that are asked for, if there is anything.
    """

    query: str
    now: datetime
    zone: ZoneInfo
    limit: int = 20
    kinds: Collection[Kind] = KINDS
    chats: Collection[int] | None = None
    without: Collection[int] = frozenset()
    before: int | None = None
    threshold: float = 0.0
    neighbours: bool = True
    cleared: bool = False
    topic: int | None = None
    strictly: bool = False
    speaker: str = ""
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. `score` is 0–1: how much of the question it holds, or how close its meaning is.

    `speaker` is the inside of a message's prefix. `source` names where it is from: a conversation's id, a
    document's citation, the subject of a fact; `place` is the title of the chat, empty in private.
    """

    kind: Kind
    id: int
    text: str
    said_at: datetime
    score: float
    speaker: str = ""
    outgoing: bool = False
    source: str = ""
    place: str = ""
    chat_id: int | None = None
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in a context's trace: "m:123", "f:7", "s:3", "k:5"."""
        return f"{_LETTERS[self.kind]}:{self.id}"


_LETTERS: dict[Kind, str] = {"message": "m", "fact": "f", "summary": "s", "chunk": "k"}
