"""Conversations for callers of the API: their own, and for an admin everybody's with those of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Conversation, User
from bot.db.repositories import conversations, sessions
from bot.db.repositories.conversations import Place, Whose
from bot.services import session_units as units
from bot.services import titles
from bot.services.audit import Audit
from bot.services.conversations import MAX_ACTIVE, open_again
from bot.services.reach import Caller, user_of
from bot.services.session_values import shown

Status = Literal["active", "archived"]


@dataclass(frozen=True, slots=True)
class ConversationCard:
    """A conversation at a glance. `user_id` is None in a group, `chat_id` the platform's id of the chat.

    `place` is where a list of them goes on behind it.
    """

    id: str
    user_id: str | None
    chat_id: str
    topic_id: int | None
    title: str | None
    status: str
    context_summary: str | None
    message_count: int
    last_message_at: datetime | None
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class ConversationChange:
    """What to change; None leaves a thing as it is. An empty title leaves it to the first words."""

    title: str | None = None
    status: Status | None = None


class ConversationDesk:
    """Raises NotFound beyond the caller's reach; incognito conversations are beyond everybody's.

    What only the admin's right lets somebody read is noted (`Audit`).
    """

    def __init__(self, database: Database, clock: Clock, most: int = MAX_ACTIVE) -> None:
        self._db = database
        self._clock = clock
        self._most = most
        self._audit = Audit(database, clock)

    async def list(
        self,
        caller: Caller,
        user_id: str | None = None,
        status: Status | None = None,
        limit: int = 50,
        before: Place | None = None,
    ) -> list[ConversationCard]:
        """The last used first; of one person, or all that the caller reaches."""
        now = self._clock.now()

        def unit(session: Session) -> list[ConversationCard]:
            whose = _whose(session, caller, user_id)
            if whose is None:
                return []
            return _cards(session, conversations.listed(session, whose, status, limit, before=before), now)

        def whom(session: Session) -> User | None:
            return None if user_id is None else user_of(session, caller, user_id)

        await self._audit.note(caller, "conversations.read", whom)
        return await self._db.read(unit)

    async def get(self, caller: Caller, conversation_id: str) -> ConversationCard:
        """One conversation, by its own id or by the caller's."""
        now = self._clock.now()
        await self._audit.conversation(caller, "conversations.read", conversation_id)
        return await self._db.read(lambda s: _cards(s, [units.reached(s, caller, conversation_id)], now)[0])

    async def change(
        self, caller: Caller, conversation_id: str, change: ConversationChange
    ) -> ConversationCard:
        """Rename, archive or reopen; reopening archives what is active in the same place."""
        now = self._clock.now()

        def unit(session: Session) -> ConversationCard:
            if change.title is not None:
                units.rename(session, caller, conversation_id, change.title, now)
            if change.status == "archived":
                units.deactivate(session, caller, conversation_id, now)
            if change.status == "active":
                open_again(session, units.held(session, caller, conversation_id), self._most, now)
            return _cards(session, [units.held(session, caller, conversation_id)], now)[0]

        return await self._db.write(unit)

    async def delete(self, caller: Caller, conversation_id: str) -> None:
        """Hide a conversation at once; its rows go after the days of grace."""
        now = self._clock.now()
        await self._db.write(lambda s: units.delete(s, caller, conversation_id, now))


def _whose(session: Session, caller: Caller, user_id: str | None) -> Whose | None:
    """What of the conversations is asked for within reach; None for a person who is not known yet."""
    if caller.admin:
        return Whose() if user_id is None else Whose(user_of(session, caller, user_id).id)
    if caller.user_external_id is None:
        person = None if user_id is None else user_of(session, caller, user_id).id
        return Whose(person, caller.application)
    try:
        return Whose(user_of(session, caller, user_id or caller.user_external_id).id)
    except NotFound:
        if user_id is not None:
            raise
        return None


def _cards(session: Session, rows: Sequence[Conversation], now: datetime) -> list[ConversationCard]:
    named, people = titles.titles_of(session, rows, now), sessions.users_of(session, rows)
    chats = conversations.chats_of(session, rows)
    return [
        ConversationCard(
            row.id, people.get(row.user_id or 0), chats[row.chat_id], row.topic_id, named[row.no], row.status,
            row.context_summary, row.message_count, row.last_message_at, row.created_at, row.updated_at,
            shown(row.meta), (row.last_message_at or row.created_at, row.no),
        )
        for row in rows
    ]  # fmt: skip
