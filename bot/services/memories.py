"""A person's view of what is remembered about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.messages import Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Memory
from bot.db.repositories import memories, people
from bot.memory import facts


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One fact as its owner sees it."""

    id: int
    text: str
    kind: str
    said_at: datetime
    pinned: bool
    private: bool


@dataclass(frozen=True, slots=True)
class MemoryPage:
    """A page of facts, newest first; `page` counts from 0 and is clamped to what there is."""

    items: tuple[MemoryItem, ...]
    page: int
    pages: int
    total: int


class Memories:
    """Lists, deletes and brings back facts: always the asker's own, always in private."""

    def __init__(self, database: Database, clock: Clock, max_facts: int) -> None:
        self._db = database
        self._clock = clock
        self._max_facts = max_facts

    async def page(self, asker: Person, page: int, size: int = 5) -> MemoryPage:
        """A page of the asker's valid facts."""
        now = self._clock.now()

        def unit(session: Session) -> MemoryPage:
            scope = _own_scope(session, asker)
            total = memories.count_valid(session, scope, now)
            pages = max(1, -(-total // size))
            at = min(max(page, 0), pages - 1)
            rows = memories.page(session, scope, now, at * size, size)
            return MemoryPage(tuple(map(_item, rows)), at, pages, total)

        return await self._db.read(unit)

    async def delete(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Take a fact away; None when it is not the asker's or gone already."""
        now = self._clock.now()

        def unit(session: Session) -> MemoryItem | None:
            row = facts.delete(session, _own_scope(session, asker), memory_id, now)
            return None if row is None else _item(row)

        return await self._db.write(unit)

    async def restore(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Undo a deletion; None when it is not the asker's or gone for good.

        Raises `bot.memory.gates.Refused` when there is no room for it.
        """
        now = self._clock.now()

        def unit(session: Session) -> MemoryItem | None:
            row = facts.restore(session, _own_scope(session, asker), memory_id, self._max_facts, now)
            return None if row is None else _item(row)

        return await self._db.write(unit)


def _own_scope(session: Session, asker: Person) -> Scope:
    user = people.find_user(session, asker)
    return Scope(user_id=None if user is None else user.id, chat_id=None, private=True)


def _item(row: Memory) -> MemoryItem:
    private = row.sensitive or row.scope == "private"
    return MemoryItem(row.id, row.text, row.kind, row.valid_at, row.pinned, private)
