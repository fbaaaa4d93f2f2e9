"""The playground's state: held in memory, written to the store at every commit."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import replace
from typing import Any, TypeVar

from bot.playground.records import (
    BotAccount,
    Chat,
    Draft,
    Message,
    PendingUpdate,
    Person,
    Query,
    Record,
    Setting,
    StoredFile,
)
from bot.playground.store import Json, Key, Store

R = TypeVar("R", bound=Record)

FIRST_PERSON = 500_000_001
FIRST_GROUP = -4_000_001
FIRST_SUPERGROUP = -1_001_000_000_001


class World:
    """People, bots, chats, messages and what waits for the bots.

    Changes happen between awaits, so readers always see a whole state; `commit()` makes them last.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.people: dict[int, Person] = {}
        self.bots: dict[int, BotAccount] = {}
        self.chats: dict[int, Chat] = {}
        self.messages: defaultdict[int, dict[int, Message]] = defaultdict(dict)
        self.queries: dict[str, Query] = {}
        self.updates: defaultdict[int, dict[int, PendingUpdate]] = defaultdict(dict)
        self.files: dict[str, StoredFile] = {}
        self.settings: dict[str, Any] = {}
        self.drafts: dict[tuple[int, int], Draft] = {}
        self._dirty: dict[Key, Json | None] = {}
        self._commit = asyncio.Lock()

    async def load(self) -> None:
        """Read everything that the store holds."""
        for cls in (Person, BotAccount, Chat, Message, Query, PendingUpdate, StoredFile, Setting):
            for body in await self.store.load(cls.kind):
                self._place(_revive(cls, body))

    async def commit(self) -> None:
        """Write what has changed; returns when it is in the file, whoever wrote it."""
        async with self._commit:
            if self._dirty:
                changes, self._dirty = self._dirty, {}
                await self.store.save(changes)

    def put(self, record: R) -> R:
        """Add or replace a record."""
        self._place(record)
        self._dirty[(record.kind, record.key)] = dict(vars(record))
        return record

    def drop(self, record: PendingUpdate | Query | Setting) -> None:
        """Forget a record."""
        match record:
            case PendingUpdate():
                self.updates[record.bot_id].pop(record.update_id, None)
            case Query():
                self.queries.pop(record.id, None)
            case Setting():
                self.settings.pop(record.key, None)
        self._dirty[(record.kind, record.key)] = None

    def _place(self, record: Record) -> None:
        match record:
            case Person():
                self.people[record.id] = record
            case BotAccount():
                self.bots[record.id] = record
            case Chat():
                self.chats[record.id] = record
            case Message():
                self.messages[record.chat_id][record.id] = record
            case Query():
                self.queries[record.id] = record
            case PendingUpdate():
                self.updates[record.bot_id][record.update_id] = record
            case StoredFile():
                self.files[record.file_id] = record
            case Setting():
                self.settings[record.key] = record.value

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """A message that still stands, or None."""
        found = self.messages[chat_id].get(message_id) if chat_id in self.messages else None
        return None if found is None or found.deleted else found

    def take_message_id(self, chat_id: int) -> int:
        """The next message id of a chat."""
        chat = self.chats[chat_id]
        self.put(replace(chat, next_message=chat.next_message + 1))
        return chat.next_message

    def new_person_id(self) -> int:
        """An id that nobody has."""
        return max([FIRST_PERSON - 1, *self.people]) + 1

    def new_chat_id(self, supergroup: bool) -> int:
        """A negative id that no chat has, in the range of its type."""
        if supergroup:
            return min([FIRST_SUPERGROUP + 1, *self.chats]) - 1
        return min([FIRST_GROUP + 1, *(c for c in self.chats if c > FIRST_SUPERGROUP)]) - 1

    def new_query_id(self) -> str:
        """An id for a pressed button."""
        return str(random.getrandbits(62))


def _revive(cls: type[R], body: Json) -> R:
    # JSON knows only text keys; ids are numbers.
    for name in ("members", "topics", "reactions"):
        if name in body:
            body[name] = {int(key): value for key, value in body[name].items()}
    return cls(**body)
