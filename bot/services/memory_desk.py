"""Memories for callers of the API: whose they are, and who reaches them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotAllowed, NotFound
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, Memory, User
from bot.db.repositories import people
from bot.db.repositories.memory_records import Place
from bot.services import profiles
from bot.services.audit import Audit
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import MemoryRecords, NewRecord, Owner, RecordChange
from bot.services.profiles import ProfileValues
from bot.services.reach import Caller, user_of
from bot.services.search import TYPES, Found, Search, Type
from bot.services.session_units import reached

MOST = 500


@dataclass(frozen=True, slots=True)
class Named:
    """Whom memories are about: one user, one conversation, or (with neither) the house itself."""

    user_id: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class UserMemory:
    """What is kept about a person."""

    items: Sequence[MemoryItem]
    profile: ProfileValues


class MemoryDesk:
    """Raises NotFound beyond the caller's reach; memories of the house are an admin's (NotAllowed).

    What only the admin's right lets somebody read is noted (`Audit`).
    """

    def __init__(self, database: Database, clock: Clock, records: MemoryRecords, search: Search) -> None:
        self._db = database
        self._clock = clock
        self._records = records
        self._search = search
        self._audit = Audit(database, clock)

    async def create(self, caller: Caller, named: Named, new: NewRecord) -> MemoryItem:
        """Keep a memory; its user is made at first use. Raises Invalid and `bot.memory.gates.Refused`."""
        now = self._clock.now()
        owner = await self._db.write(lambda s: _owner(s, caller, named, partial(_made, s, caller, now)))
        return await self._records.create(owner, new)

    async def get(self, caller: Caller, memory_id: int) -> MemoryItem:
        """A memory by its id."""
        owner = await self._owner_of(caller, memory_id)
        item = _there(await self._records.get(owner, memory_id))
        await self._note(caller, owner)
        return item

    async def update(self, caller: Caller, memory_id: int, change: RecordChange) -> MemoryItem:
        """Change a memory; another text of a person's fact is a new value with an id of its own."""
        owner = await self._owner_of(caller, memory_id)
        return _there(await self._records.update(owner, memory_id, change))

    async def delete(self, caller: Caller, memory_id: int, named: Named | None = None) -> MemoryItem:
        """Take a memory away, with `named` only one of theirs; gives what it was."""
        owner = await self._owner_of(caller, memory_id)
        if named is not None and owner != await self._owner_named(caller, named):
            raise NotFound("a memory of somebody else")
        item = _there(await self._records.get(owner, memory_id))
        if not await self._records.delete(owner, memory_id):
            raise NotFound("no such memory")
        return item

    async def of_user(self, caller: Caller, user_id: str) -> UserMemory:
        """All that is kept about a person: facts, and how they like to be answered."""

        def unit(session: Session) -> tuple[Owner, ProfileValues]:
            user = user_of(session, caller, user_id)
            return Owner("user", user.id), profiles.get_in(session, user.id)

        owner, profile = await self._db.read(unit)
        await self._note(caller, owner)
        return UserMemory(await self._records.list(owner, (), MOST), profile)

    async def query(
        self,
        caller: Caller,
        text: str,
        named: Named,
        *,
        types: Collection[Type] = TYPES,
        tags: Collection[str] = (),
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[Found]:
        """What fits best of what the named user may see, or of the named conversation. Raises Invalid."""
        asker, chat, conversation_id = await self._db.read(lambda s: _asking(s, caller, named))
        await self._audit.note(caller, "memories.read", lambda s: _about(s, caller, named))
        return await self._search.query(
            asker, chat, text, limit=limit, types=types, tags={tag.casefold() for tag in tags},
            min_score=min_score, conversation_id=conversation_id,
        )  # fmt: skip

    async def list(
        self,
        caller: Caller,
        named: Named,
        tags: Sequence[str] = (),
        limit: int = MOST,
        after: Place | None = None,
    ) -> list[MemoryItem]:
        """The higher priority first, then the newer; with tags those that carry any of them.

        `after` goes on behind the `place` of an item.
        """
        owner = await self._owner_named(caller, named)
        await self._note(caller, owner)
        return await self._records.list(owner, tags, limit, after)

    async def _note(self, caller: Caller, owner: Owner) -> None:
        if owner.subject != "system":
            await self._audit.note(caller, "memories.read", lambda s: _row_of(s, owner))

    async def _owner_named(self, caller: Caller, named: Named) -> Owner:
        return await self._db.read(lambda s: _owner(s, caller, named, lambda id_: user_of(s, caller, id_)))

    async def _owner_of(self, caller: Caller, memory_id: int) -> Owner:
        return await self._db.read(lambda s: _owner_in(s, caller, memory_id))


def _owner(session: Session, caller: Caller, named: Named, find: Callable[[str], User]) -> Owner:
    if named.user_id is not None and named.conversation_id is not None:
        raise Invalid("a user or a conversation, not both", field="conversation_id")
    if named.user_id is not None:
        return Owner("user", find(named.user_id).id)
    if named.conversation_id is not None:
        return Owner("conversation", reached(session, caller, named.conversation_id).no)
    if caller.user_external_id is not None and not caller.admin:
        return Owner("user", find(caller.user_external_id).id)
    if not caller.admin:
        raise NotAllowed("memories of the house are an admin's")
    return Owner("system")


def _row_of(session: Session, owner: Owner) -> User | Conversation:
    row = session.get(User, owner.id) if owner.subject == "user" else session.get(Conversation, owner.id)
    if row is None:
        raise NotFound("gone meanwhile")
    return row


def _about(session: Session, caller: Caller, named: Named) -> User | Conversation:
    """Whom a search is about: a conversation where one is named, else a person."""
    if named.conversation_id is not None:
        return reached(session, caller, named.conversation_id)
    return user_of(session, caller, named.user_id or caller.user_external_id or "")


def _made(session: Session, caller: Caller, now: datetime, user_id: str) -> User:
    return user_of(session, caller, user_id, create=True, now=now)


def _owner_in(session: Session, caller: Caller, memory_id: int) -> Owner:
    row = session.get(Memory, memory_id)
    if row is not None and row.subject == "user" and row.user_id is not None:
        _check_user(session, caller, session.get_one(User, row.user_id))
        return Owner("user", row.user_id)
    if row is not None and row.subject == "conversation" and row.conversation_no is not None:
        reached(session, caller, session.get_one(Conversation, row.conversation_no).id)
        return Owner("conversation", row.conversation_no)
    if row is not None and row.subject == "system" and caller.admin:
        return Owner("system", row.chat_id)
    raise NotFound("no such memory")


def _check_user(session: Session, caller: Caller, user: User) -> None:
    if not caller.admin and user_of(session, caller, user.external_id).id != user.id:
        raise NotFound("a memory of somebody else")


def _asking(session: Session, caller: Caller, named: Named) -> tuple[Person, ChatRef | None, str | None]:
    user_id = named.user_id or caller.user_external_id
    user = None if user_id is None else user_of(session, caller, user_id)
    if named.conversation_id is None:
        if user is None:
            raise Invalid("whose memory? name a user or a conversation", field="user_id")
        return people.as_person(user), None, None
    row = reached(session, caller, named.conversation_id)
    if row.user_id is not None:
        if user is not None and user.id != row.user_id:
            raise NotFound("a conversation of somebody else")
        return people.as_person(session.get_one(User, row.user_id)), None, row.id
    if user is None:
        raise Invalid("a group's conversation needs a user", field="user_id")
    chat = session.get_one(Chat, row.chat_id)
    place = ChatRef(chat.external_id, chat.type, platform=chat.platform)  # type: ignore[arg-type]  # stored so
    return people.as_person(user), place, row.id


def _there(item: MemoryItem | None) -> MemoryItem:
    if item is None:
        raise NotFound("no such memory")
    return item
