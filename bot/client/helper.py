"""The shortest way to keep a conversation."""

from __future__ import annotations

from bot.client.sessions import ChatMemoryClient
from bot.client.shapes import Message, MessageType


class ChatMemoryHelper:
    """Begin, say, look back. `setup` may be left out; `cleanup` closes the connections in the end."""

    def __init__(self, base_url: str = "http://localhost:8000", api_key: str | None = None) -> None:
        self.client = ChatMemoryClient(base_url, api_key)

    async def setup(self) -> None:
        """See that the server is there. Raises ChatMemoryError."""
        await self.client.health_check()

    async def start_conversation(self, user_id: str, title: str | None = None) -> str:
        """The id of a new session."""
        return (await self.client.create_session(user_id, title))["id"]

    async def send_message(
        self, session_id: str, content: str, message_type: MessageType | str = "user"
    ) -> Message:
        """Keep what was said."""
        return await self.client.add_message(session_id, message_type, content)

    async def get_conversation_history(self, session_id: str, limit: int = 50) -> list[Message]:
        """The last messages, oldest first."""
        return await self.client.get_messages(session_id, limit)

    async def cleanup(self) -> None:
        """Close the connections; what was kept stays."""
        await self.client.close()
