"""System memory: facts about the bot itself and house rules, set by the owner, for all chats or for one.

Whether the asker is the owner is for the face to know; nothing else than an owner's word comes in here.
"""

from __future__ import annotations

from bot.core.errors import NotFound
from bot.core.messages import ChatRef
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import people
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import MemoryRecords, NewRecord, Owner, RecordChange

MOST_IN_PROMPT = 30
MOST_LISTED = 500


class SystemMemory:
    """Adds, lists, changes and deletes what the bot knows about itself and the house."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._records = MemoryRecords(database, clock, 0)

    async def add(self, new: NewRecord, chat: ChatRef | None = None) -> MemoryItem:
        """Keep a rule for all chats, or for one. Raises Invalid, and NotFound for an unknown chat."""
        return await self._records.create(await self._owner(chat), new)

    async def list(self, chat: ChatRef | None = None) -> list[MemoryItem]:
        """The rules for all chats, or those of one chat alone."""
        return await self._records.list(await self._owner(chat), limit=MOST_LISTED)

    async def edit(
        self, memory_id: int, change: RecordChange, chat: ChatRef | None = None
    ) -> MemoryItem | None:
        """Change a rule; None when there is none of that id there. Raises Invalid."""
        return await self._records.update(await self._owner(chat), memory_id, change)

    async def delete(self, memory_id: int, chat: ChatRef | None = None) -> bool:
        """Take a rule away; False when there is none of that id there."""
        return await self._records.delete(await self._owner(chat), memory_id)

    async def _owner(self, chat: ChatRef | None) -> Owner:
        if chat is None:
            return Owner("system")
        found = await self._db.read(lambda s: people.find_chat(s, chat))
        if found is None:
            raise NotFound("no such chat")
        return Owner("system", found.id)
