"""Facts as values for faces: a line of a list, and a card with everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.db.models import Memory
from bot.db.repositories.memories import PROPOSED
from bot.db.repositories.memory_records import Place
from bot.db.repositories.sources import SourceView


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One fact as its owner sees it. `private` is whether it stays out of groups.

    `state` is valid, past, wrong, archived, proposed or deleted; `reach` is private, global or chat. `place`
    is where a list by priority goes on behind it.
    """

    id: int
    text: str
    kind: str
    said_at: datetime
    pinned: bool
    private: bool
    until: datetime | None = None
    state: str = "valid"
    reach: str = "global"
    sensitive: bool = False
    origin: str = "explicit"
    priority: int = 5
    tags: tuple[str, ...] = ()
    expires_at: datetime | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class MemoryPage:
    """A page of facts, newest first; `page` counts from 0 and is clamped to what there is."""

    items: tuple[MemoryItem, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class MemoryCard:
    """A fact, where it was said, and its values through time, oldest first, itself among them."""

    item: MemoryItem
    sources: tuple[SourceView, ...]
    history: tuple[MemoryItem, ...]


def item_of(row: Memory) -> MemoryItem:
    """The row as its owner sees it."""
    return MemoryItem(
        id=row.id,
        text=row.text,
        kind=row.kind,
        said_at=row.valid_at,
        pinned=row.pinned,
        private=row.sensitive or row.scope == "private",
        until=row.invalid_at,
        state=_state(row),
        reach=row.scope,
        sensitive=row.sensitive,
        origin=row.origin,
        priority=row.priority,
        tags=tuple(row.tags),
        expires_at=row.expires_at,
        place=(row.priority, row.created_at, row.id),
    )


def _state(row: Memory) -> str:
    if row.deleted_at is not None:
        return "deleted"
    if row.closed_as == PROPOSED:
        return "proposed"
    if row.invalid_at is not None:
        return "wrong" if row.closed_as == "wrong" else "past"
    return "archived" if row.archived_at is not None else "valid"
