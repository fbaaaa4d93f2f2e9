"""Sessions for plain Python, also while the bot runs: `chat_memory_manager`, or a `ChatMemoryManager`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from bot.core.clock import SystemClock
from bot.core.ports import Clock
from bot.db.blocking import BlockingDatabase, blocking_database
from bot.services import session_transfer as transfer
from bot.services import session_units as units
from bot.services.conversations import MAX_ACTIVE
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.session_values import (
    ChatSession,
    MessageType,
    NewMessage,
    SessionContext,
    SessionMessage,
)
from bot.settings import load_settings

__all__ = ["ChatMemoryManager", "MessageType", "chat_memory_manager"]

T = TypeVar("T")

_LOCAL = Caller("local", "python", DEFAULT_APPLICATION, frozenset({"admin"}))
_MOST_LISTED = 500


class ChatMemoryManager:
    """Keeps sessions and their messages, in the database that the settings name or in an SQLite file.

    Opened at first use; safe in threads. All methods block. An unknown id raises NotFound, what cannot be
    stored Invalid.
    """

    def __init__(
        self,
        db_path: str | Path | None = None,
        *,
        database: BlockingDatabase | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.db_path = db_path
        self._given = database
        self._clock = clock or SystemClock()
        self._most = None if db_path is None and database is None else MAX_ACTIVE
        self._cache_ttl = 3600
        """Seconds; nothing is cached here, since the bot writes beside this process."""

    def create_session(
        self, user_id: str, title: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> ChatSession:
        """A new session of a person, who is made at first use."""
        now, most = self._clock.now(), self._limit()
        return self._write(lambda s: units.create(s, _LOCAL, str(user_id), title, metadata, most, now))

    def add_message(
        self,
        session_id: str,
        message_type: MessageType | str,
        content: str,
        response_to: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SessionMessage:
        """Store a message; an archived session is active again."""
        now, most = self._clock.now(), self._limit()
        new = NewMessage(message_type, content, response_to, metadata)
        # Zero tokens: they are counted when the message is first shown to a model.
        return self._write(lambda s: units.add_message(s, _LOCAL, session_id, new, 0, most, now))

    def get_session(self, session_id: str) -> ChatSession:
        """One session."""
        now = self._clock.now()
        return self._read(lambda s: units.get(s, _LOCAL, session_id, now))

    def get_user_sessions(self, user_id: str, limit: int = 50) -> list[ChatSession]:
        """A person's sessions, the last used first."""
        now = self._clock.now()
        most = min(limit, _MOST_LISTED)
        return self._read(lambda s: units.of_user(s, _LOCAL, str(user_id), None, 0, most, now))

    def update_session_title(self, session_id: str, title: str) -> ChatSession:
        """Give a title."""
        now = self._clock.now()
        return self._write(lambda s: units.rename(s, _LOCAL, session_id, title, now))

    def deactivate_session(self, session_id: str) -> ChatSession:
        """Archive a session."""
        now = self._clock.now()
        return self._write(lambda s: units.deactivate(s, _LOCAL, session_id, now))

    def delete_session(self, session_id: str) -> None:
        """Delete a session: hidden at once, its rows go after the days of grace."""
        now = self._clock.now()
        self._write(lambda s: units.delete(s, _LOCAL, session_id, now))

    def get_messages(
        self, session_id: str, limit: int = 50, before: str | None = None
    ) -> list[SessionMessage]:
        """The last messages, oldest first."""
        now = self._clock.now()
        return self._read(lambda s: units.messages(s, _LOCAL, session_id, limit, before, now))

    def get_conversation_context(self, session_id: str, message_limit: int = 20) -> SessionContext:
        """The running summary and the last messages."""
        now = self._clock.now()
        return self._read(lambda s: units.context(s, _LOCAL, session_id, message_limit, now))

    def search_messages(self, session_id: str, query: str, limit: int = 20) -> list[SessionMessage]:
        """The messages that hold words of the query, the best first."""
        now = self._clock.now()
        if self._read(lambda s: units.waits(s, _LOCAL, session_id)):
            self._write(lambda s: units.index(s, _LOCAL, session_id))
        return self._read(lambda s: units.search(s, _LOCAL, session_id, query, limit, now))

    def get_statistics(self) -> dict[str, int]:
        """total_sessions, active_sessions, total_messages, cache_size."""
        return self._read(lambda s: units.statistics(s, _LOCAL))

    def export_session(self, session_id: str) -> dict[str, Any]:
        """The session as a JSON document."""
        now = self._clock.now()
        return self._read(lambda s: transfer.export(s, _LOCAL, session_id, now))

    def import_session(
        self, data: Mapping[str, Any], user_id: str | None = None, *, copy: bool = False
    ) -> str:
        """The id of the session made of an export; the same export again gives the first one's."""
        now, most = self._clock.now(), self._limit()

        def unit(session: Session) -> str:
            made, _ = transfer.take_in(
                session, _LOCAL, data, user_id, copy=copy, tokens=(), most=most, now=now
            )
            return made.id

        return self._write(unit)

    def cleanup_old_sessions(self, days: int = 30) -> int:
        """Delete sessions without activity for so many days; how many. Telegram's conversations stay."""
        done = 0
        while some := self._write(lambda s: units.clean(s, _LOCAL, days, self._clock.now())):
            done += some
        return done

    def _read(self, unit: Callable[[Session], T]) -> T:
        return self._database().read(unit)

    def _write(self, unit: Callable[[Session], T]) -> T:
        return self._database().write(unit)

    def _database(self) -> BlockingDatabase:
        if self._given is None:
            path = self.db_path
            url = load_settings().database_url if path is None else f"sqlite:///{Path(path)}"
            self._given = blocking_database(url)
        return self._given

    def _limit(self) -> int:
        if self._most is None:
            self._most = load_settings().max_active_conversations
        return self._most


chat_memory_manager = ChatMemoryManager()
"""The one of the settings' database, which it opens at first use."""
