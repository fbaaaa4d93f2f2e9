"""What happens to chats themselves: topics, comings and goings, groups that become supergroups."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Chat
from bot.db.repositories import migration, people


class Chats:
    """Keeps what is known about chats; about a chat that was never recorded nothing is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def topic_named(self, chat: ChatRef, topic_id: int, title: str) -> None:
        """A topic was opened or got another name."""
        now = self._clock.now()
        await self._known(chat, lambda _, row: people.name_topic(row, topic_id, title, now))

    async def member_changed(self, chat: ChatRef, person: Person, *, inside: bool) -> None:
        """Somebody came or went; only those who wrote here before are members that we know."""
        now = self._clock.now()

        def unit(session: Session, row: Chat) -> None:
            user = people.find_user(session, person)
            if user is not None:
                (people.seen_in if inside else people.left)(session, row, user, now)

        await self._known(chat, unit)

    async def counted(self, chat: ChatRef, members: int) -> None:
        """A group that is taken has so many members, the bot included; the row is made if need be."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            people.upsert_chat(session, chat, now).member_count = members

        await self._db.write(unit)

    async def became_supergroup(self, platform: str, old: str, new: str) -> bool:
        """A group goes on under a new id, with its memory; False when that is known already."""
        now = self._clock.now()
        return await self._db.write(lambda s: migration.become_supergroup(s, platform, old, new, now))

    async def _known(self, chat: ChatRef, then: Callable[[Session, Chat], None]) -> None:
        def unit(session: Session) -> None:
            row = people.find_chat(session, chat)
            if row is not None:
                then(session, row)

        await self._db.write(unit)
