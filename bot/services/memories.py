"""A person's view of what is remembered about them, and their word over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.ids import conversation_of
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Memory
from bot.db.repositories import extraction, memories, people, sources, talk
from bot.memory import applying, correcting, facts, gates, history, indexed, matching, pausing, proposals
from bot.memory.guessing import guessed_kind
from bot.memory.others import about_other
from bot.services.memory_items import MemoryCard, MemoryItem, MemoryPage, item_of
from bot.services.memory_records import MemoryRecords

__all__ = ["Memories", "MemoryCard", "MemoryItem", "MemoryPage"]

T = TypeVar("T")
Reach = Literal["private", "global", "chat"]


class Memories:
    """Everything a person may do with their own facts; nobody else's are ever touched.

    What is not the asker's is not there: None, or an empty list. `records` is the same for programs.
    """

    def __init__(self, database: Database, clock: Clock, max_facts: int) -> None:
        self._db = database
        self._clock = clock
        self._max_facts = max_facts
        self.records = MemoryRecords(database, clock, max_facts)

    async def page(
        self, asker: Person, page: int, size: int = 5, *, search: str = "", archived: bool = False
    ) -> MemoryPage:
        """A page of the asker's valid facts, or of the archived ones; `search` keeps those with its words."""

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryPage:
            rows = (
                memories.archived(session, scope, now)
                if archived
                else memories.all_valid(session, scope, now)
            )
            found = [row for row in rows if matching.has_words(row.text, search)] if search else rows
            pages = max(1, -(-len(found) // size))
            at = min(max(page, 0), pages - 1)
            shown = found[at * size : (at + 1) * size]
            return MemoryPage(tuple(map(item_of, shown)), at, pages, len(found))

        return await self._read(asker, unit)

    async def get(self, asker: Person, memory_id: int) -> MemoryCard | None:
        """One fact with its sources and its history."""

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryCard | None:
            row = memories.owned(session, scope, memory_id, now)
            if row is None or row.deleted_at is not None:
                return None
            chain = history.chain(session, scope, memory_id)
            return MemoryCard(
                item_of(row), tuple(sources.views(session, memory_id)), tuple(map(item_of, chain))
            )

        return await self._read(asker, unit)

    async def history(self, asker: Person, memory_id: int) -> list[MemoryItem]:
        """All values that a fact has had, oldest first, with their dates."""
        return await self._read(
            asker, lambda s, scope, _: list(map(item_of, history.chain(s, scope, memory_id)))
        )

    async def remember(
        self,
        asker: Person,
        chat: ChatRef,
        text: str,
        *,
        kind: str | None = None,
        message_id: int | None = None,
        external_id: str | None = None,
    ) -> facts.Saved:
        """Keep what the asker tells outright, with their message that holds it as the source.

        The message is named by its id here or by the platform's. A kind that nobody names is guessed. Raises
        `bot.memory.gates.Refused` and NotFound for a person or chat that is unknown.
        """

        def unit(session: Session, _: Scope, now: datetime) -> facts.Saved:
            user, place = people.find_user(session, asker), people.find_chat(session, chat)
            if user is None or place is None:
                raise NotFound("no such person or chat")
            said = gates.checked_fact(text)
            named = talk.by_external_id(session, place.id, external_id) if external_id else None
            source = named.id if named is not None else message_id
            active = talk.find_active(session, talk.scope_key(chat, user))
            for number in {active.no if active else -1, conversation_of(source) if source else -1}:
                pausing.may_remember(session, user.id, number)
            if source is not None:
                spoken = extraction.still_said(session, [source], user.id)
                gates.source_of(text, [applying.view(message) for message in spoken.values()])
            quote = text if source is not None else ""
            sort = gates.checked_kind(kind or guessed_kind(text))
            fact = facts.NewFact(said, sort, quote, source, about_other=about_other(text))
            return facts.save(session, Scope(user.id, place.id, chat.private), fact, self._max_facts, now)

        return await self._write(asker, unit)

    async def edit(self, asker: Person, memory_id: int, text: str) -> MemoryItem | None:
        """Put a fact into other words; the old ones stay in its history.

        Raises `bot.memory.gates.Refused`.
        """

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryItem | None:
            saved = history.edit(session, scope, memory_id, gates.checked_fact(text), now)
            return None if saved is None else item_of(session.get_one(Memory, saved.memory_id))

        return await self._write(asker, unit)

    async def pin(self, asker: Person, memory_id: int, pinned: bool) -> MemoryItem | None:
        """Keep a fact from being archived, or let it go."""
        return await self._changed(asker, memory_id, lambda _, row: setattr(row, "pinned", pinned))

    async def set_reach(
        self, asker: Person, memory_id: int, reach: Reach, chat: ChatRef | None = None
    ) -> MemoryItem | None:
        """Where a fact may be shown: never in groups, everywhere, or in one chat only.

        Showing it more widely is the owner's word also for a sensitive one. Raises NotFound for an unknown
        chat.
        """

        def change(session: Session, row: Memory) -> None:
            if reach == "chat":
                place = people.find_chat(session, chat) if chat is not None else None
                if place is None:
                    raise NotFound("no such chat")
                row.chat_id = place.id
            row.scope, row.sensitive = reach, row.sensitive and reach == "private"

        return await self._changed(asker, memory_id, change)

    async def share(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Let a private fact be used in every chat."""
        return await self.set_reach(asker, memory_id, "global")

    async def wrong(self, asker: Person, memory_id: int) -> list[MemoryItem]:
        """Close a fact as never true, with what was concluded from the same words; the named one first."""
        return await self._write(
            asker, lambda s, scope, now: list(map(item_of, correcting.wrong(s, scope, memory_id, now)))
        )

    async def take_back(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Make a former value valid again. Raises `bot.memory.gates.Refused`."""

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryItem | None:
            saved = history.take_back(session, scope, memory_id, self._max_facts, now)
            return None if saved is None else item_of(session.get_one(Memory, saved.memory_id))

        return await self._write(asker, unit)

    async def delete(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Take a fact away; None when it is not the asker's or gone already."""
        found = await self.forget_many(asker, [memory_id])
        return found[0] if found else None

    async def restore(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Undo a deletion or an archiving; None when it is not the asker's or gone for good.

        Raises `bot.memory.gates.Refused` when there is no room for it.
        """

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryItem | None:
            row = facts.restore(session, scope, memory_id, self._max_facts, now)
            return None if row is None else item_of(row)

        return await self._write(asker, unit)

    async def matching(self, asker: Person, topic: str) -> list[MemoryItem]:
        """The asker's facts about a topic, best first, archived ones too: what forgetting it would take."""

        def unit(session: Session, scope: Scope, now: datetime) -> list[MemoryItem]:
            rows = [*memories.all_valid(session, scope, now), *memories.archived(session, scope, now)]
            return list(map(item_of, matching.about(rows, topic)))

        return await self._read(asker, unit)

    async def forget_many(self, asker: Person, memory_ids: Sequence[int]) -> list[MemoryItem]:
        """Take several facts away in one go; returns those that were there."""

        def unit(session: Session, scope: Scope, now: datetime) -> list[MemoryItem]:
            rows = [facts.delete(session, scope, memory_id, now) for memory_id in memory_ids]
            return [item_of(row) for row in rows if row is not None]

        return await self._write(asker, unit)

    async def proposals(self, asker: Person) -> list[MemoryItem]:
        """Facts that wait for the asker's word, oldest first."""

        def unit(session: Session, scope: Scope, now: datetime) -> list[MemoryItem]:
            rows = memories.proposed(session, scope.user_id) if scope.user_id is not None else []
            return [item_of(row) for row in rows if row.expires_at is None or row.expires_at > now]

        return await self._read(asker, unit)

    async def confirm(self, asker: Person, memory_id: int) -> MemoryItem | None:
        """Yes to a proposal; None when there is none of that id any more.

        Raises `bot.memory.gates.Refused` when there is no room for it.
        """

        def unit(session: Session, scope: Scope, now: datetime) -> MemoryItem | None:
            saved = proposals.confirm(session, scope, memory_id, self._max_facts, now)
            return None if saved is None else item_of(session.get_one(Memory, saved.memory_id))

        return await self._write(asker, unit)

    async def decline(self, asker: Person, memory_id: int) -> bool:
        """No to a proposal; False when there is none of that id any more."""
        return await self._write(
            asker, lambda s, scope, now: proposals.decline(s, scope, memory_id, now) is not None
        )

    async def paused(self, asker: Person) -> bool:
        """Whether nothing new is remembered about the asker."""
        return await self._read(
            asker, lambda s, scope, _: scope.user_id is not None and pausing.paused(s, scope.user_id)
        )

    async def set_paused(self, asker: Person, paused: bool) -> bool:
        """Remember nothing new about the asker, or go on; what is known stays. False when it was so already.

        What was said and not read yet is not read later either.
        """

        def unit(session: Session, scope: Scope, now: datetime) -> bool:
            known = scope.user_id or people.upsert_user(session, asker, now).id
            user_id = facts.hold(session, known)
            changed = pausing.set_paused(session, user_id, paused, now)
            extraction.skip_all(session, user_id)
            return changed

        return await self._write(asker, unit)

    async def toggle_pause(self, asker: Person, key: str) -> bool:
        """The other way round, once for each command `key`; whether it is paused now."""

        def unit(session: Session, scope: Scope, now: datetime) -> bool:
            user_id = facts.hold(session, scope.user_id or people.upsert_user(session, asker, now).id)
            paused = pausing.toggle(session, user_id, key, now)
            extraction.skip_all(session, user_id)
            return paused

        return await self._write(asker, unit)

    async def _changed(
        self, asker: Person, memory_id: int, change: Callable[[Session, Memory], None]
    ) -> MemoryItem | None:
        def unit(session: Session, scope: Scope, now: datetime) -> MemoryItem | None:
            if scope.user_id is None:
                return None
            facts.hold(session, scope.user_id)
            row = memories.owned(session, scope, memory_id, now)
            if row is None or row.deleted_at is not None or row.closed_as is not None:
                return None
            change(session, row)
            if row.archived_at is None:
                indexed.put(session, row)
            return item_of(row)

        return await self._write(asker, unit)

    async def _read(self, asker: Person, unit: Callable[[Session, Scope, datetime], T]) -> T:
        now = self._clock.now()
        return await self._db.read(lambda s: unit(s, _own_scope(s, asker), now))

    async def _write(self, asker: Person, unit: Callable[[Session, Scope, datetime], T]) -> T:
        now = self._clock.now()
        return await self._db.write(lambda s: unit(s, _own_scope(s, asker), now))


def _own_scope(session: Session, asker: Person) -> Scope:
    user = people.find_user(session, asker)
    return Scope(user_id=None if user is None else user.id, chat_id=None, private=True)
