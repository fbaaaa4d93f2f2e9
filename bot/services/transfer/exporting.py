"""What is exported, as a stream of records: read a little at a time, so that size costs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.repositories import people, transfer
from bot.db.repositories.transfer import Record, Wanted
from bot.services.audit import Audit
from bot.services.reach import Caller, conversation_of, user_of

FORMAT = "mnema-export-1"

Records = AsyncIterator[tuple[str, Record]]
"""Records with their types, in the order of `TYPES`; the first is the "export" itself."""

Page = Callable[[Session, Wanted, int], list[tuple[int, Record]]]

_BEFORE: dict[str, Page] = {"users": transfer.users, "chats": transfer.chats}
_AFTER: dict[str, Page] = {
    "facts": transfer.facts,
    "states": transfer.states,
    "bookings": transfer.bookings,
    "documents": transfer.documents,
}
TYPES = (*_BEFORE, "conversations", "messages", *_AFTER)


class Exports:
    """Reads what belongs to a person, to a conversation, or all there is; keys and settings never."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._audit = Audit(database, clock)

    async def of_person(self, person: Person) -> Records:
        """Everything of a person. Raises NotFound."""

        def unit(session: Session) -> int:
            user = people.find_user(session, person)
            if user is None:
                raise NotFound("nothing is known of this person")
            return user.id

        return self.records("user", Wanted(user_id=await self._db.read(unit)))

    async def of_user(self, caller: Caller, user_id: str) -> Records:
        """The same for somebody whom a caller names. Raises NotFound beyond the caller's reach."""
        await self._audit.user(caller, "export", user_id)
        row_id = await self._db.read(lambda s: user_of(s, caller, user_id).id)
        return self.records("user", Wanted(user_id=row_id))

    async def of_conversation(self, caller: Caller, conversation_id: str) -> Records:
        """One conversation as it was. Raises NotFound beyond the caller's reach, and of incognito ones."""

        def unit(session: Session) -> int:
            row = conversation_of(session, caller, conversation_id)
            if row.incognito:
                raise NotFound("an incognito conversation")
            return row.no

        await self._audit.conversation(caller, "export", conversation_id)
        return self.records("conversation", Wanted(conversation_no=await self._db.read(unit)))

    def of_instance(self) -> Records:
        """All there is."""
        return self.records("instance", Wanted())

    async def records(self, scope: str, wanted: Wanted) -> Records:
        """The stream itself."""
        now = self._clock.now()
        yield "export", {"format": FORMAT, "scope": scope, "exported_at": _iso(now)}
        for kind, page in _BEFORE.items():
            async for _, record in self._pages(page, wanted):
                yield kind, record
        async for _, record in self._pages(transfer.conversations, wanted):
            yield "conversations", {key: value for key, value in record.items() if key != "own"}
        async for no, conversation in self._pages(transfer.conversations, wanted):
            async for message in self._messages(wanted, no, conversation, now):
                yield "messages", message
        for kind, page in _AFTER.items():
            async for _, record in self._pages(page, wanted):
                yield kind, record

    async def _pages(self, page: Page, wanted: Wanted) -> AsyncIterator[tuple[int, Record]]:
        after = 0
        while rows := await self._db.read(lambda s, after=after: page(s, wanted, after)):  # type: ignore[misc]
            for row in rows:
                yield row
            after = rows[-1][0]

    async def _messages(
        self, wanted: Wanted, no: int, conversation: Record, now: datetime
    ) -> AsyncIterator[Record]:
        after = 0
        id_, own = conversation["id"], conversation["own"]

        def page(session: Session) -> list[tuple[int, Record]]:
            return transfer.messages(session, wanted, no, id_, own, after, now)

        while rows := await self._db.read(page):
            for _, record in rows:
                yield record
            after = rows[-1][0]


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
