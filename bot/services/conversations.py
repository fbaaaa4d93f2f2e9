"""Starting anew: a conversation is archived, an empty one takes its place."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.text import one_line
from bot.db.engine import Database
from bot.db.repositories import people, talk


class Conversations:
    """The conversations of a chat, one of them active."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def start_new(self, chat: ChatRef, asker: Person, title: str | None) -> bool:
        """Archive the active conversation and start an empty one; False when there was none to archive.

        The old one stays in recall and summaries.
        """
        return await self._begin(chat, asker, title, cleared=False)

    async def clear(self, chat: ChatRef, asker: Person) -> bool:
        """The same, and nothing reaches behind it: the chat's summaries restart here. Facts stay."""
        return await self._begin(chat, asker, None, cleared=True)

    async def _begin(self, chat: ChatRef, asker: Person, title: str | None, *, cleared: bool) -> bool:
        now = self._clock.now()

        def unit(session: Session) -> bool:
            row = people.upsert_chat(session, chat, now)
            user = people.upsert_user(session, asker, now)
            old = talk.find_active(session, talk.scope_key(chat, user))
            if old is not None:
                talk.archive(session, old, now, cleared=cleared)
            new = talk.active_conversation(session, row, chat, user, now)
            new.title = one_line(title, 255) if title else None
            return old is not None and old.message_count > 0

        return await self._db.write(unit)
