"""Sessions of applications: talk that is kept for them, over HTTP or from the house itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.core.ports import Clock, TokenCounter
from bot.db.engine import Database
from bot.services import session_transfer as transfer
from bot.services import session_units as units
from bot.services.audit import Audit
from bot.services.conversations import MAX_ACTIVE
from bot.services.reach import Caller
from bot.services.session_values import ChatSession, NewMessage, SessionContext, SessionMessage, bounded

T = TypeVar("T")

MOST_LISTED = 500


class Sessions:
    """Every method takes who calls, and raises NotFound beyond their reach and Invalid for bad input.

    Without a `tokens` counter the lengths of messages are counted where they are needed. What only the
    admin's right lets somebody read is noted (`Audit`).
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: TokenCounter | None = None,
        most: int = MAX_ACTIVE,
    ) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._most = most
        self._audit = Audit(database, clock)

    async def create(
        self,
        caller: Caller,
        user_id: str,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> ChatSession:
        """A new session; beyond the limit of active ones the least recently used is archived."""
        now = self._clock.now()
        return await self._db.write(
            lambda s: units.create(s, caller, user_id, title, metadata, self._most, now)
        )

    async def get(self, caller: Caller, session_id: str) -> ChatSession:
        """One session, by its own id or by the caller's."""
        now = self._clock.now()
        await self._audit.conversation(caller, "conversations.read", session_id)
        return await self._db.read(lambda s: units.get(s, caller, session_id, now))

    async def of_user(
        self, caller: Caller, user_id: str, status: str | None = None, offset: int = 0, limit: int = 50
    ) -> list[ChatSession]:
        """A person's sessions, the last used first."""
        now = self._clock.now()
        bounded(limit, MOST_LISTED, "limit")
        await self._audit.user(caller, "conversations.read", user_id)
        return await self._db.read(
            lambda s: units.of_user(s, caller, user_id, status, max(0, offset), limit, now)
        )

    async def rename(self, caller: Caller, session_id: str, title: str) -> ChatSession:
        """Give a title; an empty one leaves it to the first words."""
        now = self._clock.now()
        return await self._db.write(lambda s: units.rename(s, caller, session_id, title, now))

    async def deactivate(self, caller: Caller, session_id: str) -> ChatSession:
        """Archive a session; its next message makes it active again."""
        now = self._clock.now()
        return await self._db.write(lambda s: units.deactivate(s, caller, session_id, now))

    async def delete(self, caller: Caller, session_id: str) -> None:
        """Delete a session: hidden at once, its rows go after the days of grace."""
        now = self._clock.now()
        await self._db.write(lambda s: units.delete(s, caller, session_id, now))

    async def add_message(self, caller: Caller, session_id: str, new: NewMessage) -> SessionMessage:
        """Store a message without an answer; it may be read for facts later."""
        now, tokens = self._clock.now(), await self._count([new.content])
        return await self._db.write(
            lambda s: units.add_message(s, caller, session_id, new, sum(tokens), self._most, now)
        )

    async def messages(
        self, caller: Caller, session_id: str, limit: int = 50, before: str | None = None
    ) -> list[SessionMessage]:
        """The last messages (before one, by its id), oldest first."""
        now = self._clock.now()
        await self._audit.conversation(caller, "messages.read", session_id)
        return await self._db.read(lambda s: units.messages(s, caller, session_id, limit, before, now))

    async def search(
        self, caller: Caller, session_id: str, query: str, limit: int = 20
    ) -> list[SessionMessage]:
        """The messages that hold words of the query, the best first, each with its score."""
        now = self._clock.now()
        await self._audit.conversation(caller, "messages.read", session_id)
        if await self._db.read(lambda s: units.waits(s, caller, session_id)):
            await self._db.write(lambda s: units.index(s, caller, session_id))
        return await self._db.read(lambda s: units.search(s, caller, session_id, query, limit, now))

    async def context(self, caller: Caller, session_id: str, message_limit: int = 20) -> SessionContext:
        """What a model would need to go on."""
        now = self._clock.now()
        await self._audit.conversation(caller, "messages.read", session_id)
        return await self._db.read(lambda s: units.context(s, caller, session_id, message_limit, now))

    async def export(self, caller: Caller, session_id: str) -> dict[str, Any]:
        """The session as a JSON document."""
        now = self._clock.now()
        await self._audit.conversation(caller, "export", session_id)
        return await self._db.read(lambda s: transfer.export(s, caller, session_id, now))

    async def import_(
        self, caller: Caller, data: Mapping[str, Any], user_id: str | None = None, *, copy: bool = False
    ) -> tuple[ChatSession, bool]:
        """The session made of an export, and whether it is new; see `session_transfer.take_in`."""
        now = self._clock.now()
        _, lines = transfer.parts_of(data)
        tokens = await self._count([str(line.get("content", "")) for line in lines])

        def unit(session: Session) -> tuple[ChatSession, bool]:
            return transfer.take_in(
                session, caller, data, user_id, copy=copy, tokens=tokens, most=self._most, now=now
            )

        return await self._db.write(unit)

    async def statistics(self, caller: Caller) -> dict[str, int]:
        """How many sessions and messages there are: an admin's all, another caller's application's."""
        return await self._db.read(lambda s: units.statistics(s, caller))

    async def cleanup(self, caller: Caller, days: int = 30) -> int:
        """Delete sessions without activity for so many days; how many. Raises NotAllowed but for an admin."""
        return await _all(lambda: self._db.write(lambda s: units.clean(s, caller, days, self._clock.now())))

    async def health(self) -> dict[str, str]:
        """Whether the database answers."""
        try:
            await self._db.read(lambda s: s.scalar(text("SELECT 1")))
        except (SQLAlchemyError, OSError):
            return {"status": "degraded", "database": "error"}
        return {"status": "healthy", "database": "ok"}

    async def _count(self, texts: list[str]) -> list[int]:
        counter = self._tokens
        if counter is None:
            return [0] * len(texts)
        return await asyncio.to_thread(lambda: [counter.count(one) for one in texts])


async def _all(step: Callable[[], Any]) -> int:
    done = 0
    while some := await step():
        done += some
    return done
