# ruff: noqa: T201 (an example shows what it does)
"""The shortest way: begin, say, look back.

MNEMA_API_KEY=<key> python examples/chat_memory_helper.py [http://localhost:8000]
"""

from __future__ import annotations

import asyncio
import sys

from bot.client import ChatMemoryError, ChatMemoryHelper


async def main(base_url: str) -> None:
    """Begin, say, look back."""
    helper = ChatMemoryHelper(base_url)
    try:
        await helper.setup()
        session_id = await helper.start_conversation("user123", "A first talk")
        await helper.send_message(session_id, "Hello", "user")
        await helper.send_message(session_id, "Hi! What can I do for you?", "ai")
        for message in await helper.get_conversation_history(session_id):
            print(f"{message['message_type']}: {message['content']}")
    finally:
        await helper.cleanup()


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:2] or ["http://localhost:8000"]))
    except ChatMemoryError as error:
        sys.exit(str(error))
