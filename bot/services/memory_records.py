"""Memories for programs: created, read, listed and changed by subject, with tags and a time to live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.core.text import one_line
from bot.db.clean import storable
from bot.db.engine import Database
from bot.db.models import Memory
from bot.db.repositories import memory_records
from bot.db.repositories.memory_records import Owner, Place
from bot.memory import facts, gates, history, indexed
from bot.memory.text import normal
from bot.services.memory_items import MemoryItem, item_of

__all__ = ["MemoryRecords", "NewRecord", "Owner", "RecordChange"]

MOST_TAGS = 16
TAG_LENGTH = 64
TEXT_LENGTH = 2000
"""Characters of a memory about a conversation or the house; a person's facts are shorter."""
LONGEST_TTL = 10 * 366 * 24 * 3600
MOST_OF_CONVERSATION = 500


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A memory to create; `ttl_seconds` None is for good, `priority` 1 to 10."""

    text: str
    kind: str = "other"
    priority: int = 5
    tags: Sequence[str] = ()
    ttl_seconds: int | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What to change; None leaves a thing as it is. `ttl_seconds` 0 takes the end away."""

    text: str | None = None
    priority: int | None = None
    tags: Sequence[str] | None = None
    ttl_seconds: int | None = None
    pinned: bool | None = None


class MemoryRecords:
    """Every call concerns one owner; another's memory is not there (None, False)."""

    def __init__(self, database: Database, clock: Clock, max_facts: int) -> None:
        self._db = database
        self._clock = clock
        self._max_facts = max_facts

    async def create(self, owner: Owner, new: NewRecord) -> MemoryItem:
        """Keep a memory; one that says the same already is returned instead. Raises Invalid and Refused."""
        now = self._clock.now()
        tags, priority, expires = _tags(new.tags), _priority(new.priority), _expiry(new.ttl_seconds, now)

        def unit(session: Session) -> MemoryItem:
            if owner.subject == "user":
                return item_of(self._fact(session, owner, new, tags, expires, now))
            same = normal(new.text)
            present = memory_records.valid(session, owner, now)
            known = next((row for row in present if row.text_key == same), None)
            if known is not None:
                return item_of(known)
            if len(present) >= MOST_OF_CONVERSATION:
                raise Invalid("too many memories of one owner", field="text")
            row = _row(owner, _text(new.text), now)
            row.kind, row.priority, row.tags = gates.checked_kind(new.kind), priority, tags
            row.pinned, row.expires_at = new.pinned, expires
            session.add(row)
            session.flush()
            indexed.put(session, row)
            return item_of(row)

        return await self._db.write(unit)

    def _fact(
        self,
        session: Session,
        owner: Owner,
        new: NewRecord,
        tags: list[str],
        expires: datetime | None,
        now: datetime,
    ) -> Memory:
        fact = facts.NewFact(
            gates.checked_fact(new.text),
            gates.checked_kind(new.kind),
            priority=_priority(new.priority),
            tags=tags,
            pinned=new.pinned,
            expires_at=expires,
        )
        saved = facts.save(session, Scope(owner.id, None, True), fact, self._max_facts, now)
        return session.get_one(Memory, saved.memory_id)

    async def get(self, owner: Owner, memory_id: int) -> MemoryItem | None:
        """A memory by its id."""
        now = self._clock.now()

        def unit(session: Session) -> MemoryItem | None:
            row = memory_records.peek(session, owner, memory_id, now)
            return None if row is None else item_of(row)

        return await self._db.read(unit)

    async def list(
        self, owner: Owner, tags: Sequence[str] = (), limit: int = 100, after: Place | None = None
    ) -> list[MemoryItem]:
        """The owner's memories with any of the tags, or all: the higher priority first, then the newer.

        `after` goes on behind the `place` of an item.
        """
        now, wanted = self._clock.now(), set(_tags(tags))

        def unit(session: Session) -> list[MemoryItem]:
            # Tags are looked at here: the two databases have no common way to ask a list for any of several.
            rows = memory_records.valid(session, owner, now, after=after, limit=None if wanted else limit)
            return [item_of(row) for row in rows if not wanted or wanted & set(row.tags)][:limit]

        return await self._db.read(unit)

    async def update(self, owner: Owner, memory_id: int, change: RecordChange) -> MemoryItem | None:
        """Change a memory; another text of a person's fact is a new value of it. Raises Invalid, Refused."""
        now = self._clock.now()
        values: dict[str, Any] = {}
        if change.priority is not None:
            values["priority"] = _priority(change.priority)
        if change.tags is not None:
            values["tags"] = _tags(change.tags)
        if change.pinned is not None:
            values["pinned"] = change.pinned
        if change.ttl_seconds is not None:
            values["expires_at"] = _expiry(change.ttl_seconds, now) if change.ttl_seconds else None

        def unit(session: Session) -> MemoryItem | None:
            if owner.subject == "user":
                facts.hold(session, owner.id)
            row = memory_records.find(session, owner, memory_id, now)
            if row is None:
                return None
            if change.text is not None:
                row = _reworded(session, owner, row, change.text, now)
            for name, value in values.items():
                setattr(row, name, value)
            return item_of(row)

        return await self._db.write(unit)

    async def delete(self, owner: Owner, memory_id: int) -> bool:
        """Take a memory away; a person's fact can be brought back for a day."""
        now = self._clock.now()

        def unit(session: Session) -> bool:
            row = memory_records.find(session, owner, memory_id, now)
            if row is None:
                return False
            if owner.subject == "user":
                return facts.delete(session, Scope(owner.id, None, True), memory_id, now) is not None
            row.deleted_at = now
            indexed.remove(session, row)
            return True

        return await self._db.write(unit)


def _reworded(session: Session, owner: Owner, row: Memory, text: str, now: datetime) -> Memory:
    if owner.subject == "user":
        saved = history.edit(session, Scope(owner.id, None, True), row.id, gates.checked_fact(text), now)
        return row if saved is None else session.get_one(Memory, saved.memory_id)
    row.text = _text(text)
    row.text_key = normal(row.text)
    indexed.put(session, row)
    return row


def _row(owner: Owner, text: str, now: datetime) -> Memory:
    return Memory(
        subject=owner.subject,
        conversation_no=owner.id if owner.subject == "conversation" else None,
        chat_id=owner.id if owner.subject == "system" else None,
        text=text,
        text_key=normal(text),
        origin="explicit",
        scope="global",
        valid_at=now,
        created_at=now,
    )


def _text(text: str) -> str:
    said = one_line(storable(text), len(text) + 1)
    if not normal(said):
        raise Invalid("the text is empty", field="text")
    if len(said) > TEXT_LENGTH:
        raise Invalid(f"the text is longer than {TEXT_LENGTH} characters", field="text")
    return said


def _tags(tags: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(one_line(storable(tag), len(tag) + 1).casefold() for tag in tags))
    if len(found) > MOST_TAGS:
        raise Invalid(f"more than {MOST_TAGS} tags", field="tags")
    if any(not 0 < len(tag) <= TAG_LENGTH for tag in found):
        raise Invalid(f"a tag has 1 to {TAG_LENGTH} characters", field="tags")
    return found


def _priority(priority: int) -> int:
    if not 1 <= priority <= 10:
        raise Invalid("the priority goes from 1 to 10", field="priority")
    return priority


def _expiry(ttl_seconds: int | None, now: datetime) -> datetime | None:
    if ttl_seconds is None:
        return None
    if not 1 <= ttl_seconds <= LONGEST_TTL:
        raise Invalid(f"the time to live goes from 1 to {LONGEST_TTL} seconds", field="ttl_seconds")
    return now + timedelta(seconds=ttl_seconds)
