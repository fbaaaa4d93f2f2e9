"""The client itself: one method for each thing that the API does with sessions."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from bot.client.shapes import (
    Context,
    Export,
    Health,
    ImportedSession,
    Message,
    MessageType,
    Session,
    Statistics,
)
from bot.client.transport import Transport

_ROOT = "/api/v1/chat"
_PAGE = 400


class ChatMemoryClient:
    """Sessions over HTTP. Use it with `async with`, or call `close` in the end.

    Without `api_key` the environment's MNEMA_API_KEY is taken. `timeout` is in seconds, for one attempt.
    All methods raise `ChatMemoryError` and its kinds, whose text is the server's sentence.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:8000",
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
    ) -> None:
        self._transport = Transport(base_url, api_key, timeout)

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def create_session(
        self, user_id: str, title: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> Session:
        """Begin a session of a user, who is made at first use."""
        body = {"user_id": user_id, "title": title, "metadata": metadata}
        return cast("Session", await self._transport.send("POST", f"{_ROOT}/sessions", body))

    async def get_session(self, session_id: str) -> Session:
        """One session."""
        return cast("Session", await self._transport.send("GET", _path(session_id)))

    async def get_user_sessions(
        self, user_id: str, limit: int = 50, status: str | None = None
    ) -> list[Session]:
        """A user's sessions, the last used first."""
        found: list[Session] = []
        cursor: str | None = None
        while len(found) < limit:
            params = {"limit": min(limit - len(found), _PAGE), "status": status, "cursor": cursor}
            address = f"{_ROOT}/users/{quote(user_id, safe='')}/sessions"
            page = await self._transport.send("GET", address, params=params)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return found

    async def update_session_title(self, session_id: str, title: str) -> Session:
        """Give a title; an empty one leaves it to the first words."""
        sent = await self._transport.send("PUT", _path(session_id, "title"), {"title": title})
        return cast("Session", sent)

    async def deactivate_session(self, session_id: str) -> Session:
        """Archive a session; its next message makes it active again."""
        return cast("Session", await self._transport.send("POST", _path(session_id, "deactivate")))

    async def delete_session(self, session_id: str) -> None:
        """Delete a session."""
        await self._transport.send("DELETE", _path(session_id))

    async def add_message(
        self,
        session_id: str,
        message_type: MessageType | str,
        content: str,
        response_to: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Message:
        """Keep a message; nobody answers it."""
        body = {
            "message_type": str(message_type), "content": content, "response_to": response_to,
            "metadata": metadata,
        }  # fmt: skip
        return cast("Message", await self._transport.send("POST", _path(session_id, "messages"), body))

    async def get_messages(
        self, session_id: str, limit: int = 50, before: str | None = None
    ) -> list[Message]:
        """The last messages (before one), oldest first."""
        params = {"limit": limit, "before": before}
        page = await self._transport.send("GET", _path(session_id, "messages"), params=params)
        return cast("list[Message]", page["items"])

    async def search_messages(self, session_id: str, query: str, limit: int = 20) -> list[Message]:
        """The messages that hold words of the query, the best first."""
        body = {"query": query, "limit": limit}
        page = await self._transport.send("POST", _path(session_id, "search"), body)
        return cast("list[Message]", page["items"])

    async def get_context(self, session_id: str, message_limit: int = 20) -> Context:
        """The summary of what is older, and the last messages."""
        params = {"message_limit": message_limit}
        return cast("Context", await self._transport.send("GET", _path(session_id, "context"), params=params))

    async def export_session(self, session_id: str) -> Export:
        """The session as one document."""
        return cast("Export", await self._transport.send("GET", _path(session_id, "export")))

    async def import_session(
        self, data: Export | Mapping[str, Any], user_id: str | None = None, *, copy: bool = False
    ) -> ImportedSession:
        """The session made of an export; the same export again gives the first one, unless `copy`."""
        params = {"user_id": user_id, "copy": "true" if copy else None}
        sent = await self._transport.send("POST", f"{_ROOT}/sessions/import", data, params)
        return cast("ImportedSession", sent)

    async def get_statistics(self) -> Statistics:
        """How many sessions and messages there are."""
        return cast("Statistics", await self._transport.send("GET", f"{_ROOT}/statistics"))

    async def cleanup(self, days: int = 30) -> int:
        """Delete sessions without activity for so many days; how many. Needs an admin's key."""
        sent = await self._transport.send("POST", f"{_ROOT}/cleanup", {"days": days})
        return cast("int", sent["deleted_count"])

    async def health_check(self) -> Health:
        """Whether sessions can be kept; needs no key."""
        return cast("Health", await self._transport.send("GET", f"{_ROOT}/health"))


def _path(session_id: str, part: str = "") -> str:
    address = f"{_ROOT}/sessions/{quote(session_id, safe='')}"
    return f"{address}/{part}" if part else address
