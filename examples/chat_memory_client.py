# ruff: noqa: T201 (an example shows what it does)
"""Keep a conversation over HTTP, find something in it, and take it along.

Run a bot (`mnema run`), make a key (`mnema api key create example`), then:

    MNEMA_API_KEY=<key> python examples/chat_memory_client.py [http://localhost:8000]
"""

from __future__ import annotations

import asyncio
import sys

from bot.client import ChatMemoryClient, ChatMemoryError


async def main(base_url: str) -> None:
    """Begin, say, find, export, import, delete."""
    async with ChatMemoryClient(base_url) as client:
        session = await client.create_session("user123", "Boots", {"category": "shop"})
        asked = await client.add_message(session["id"], "user", "Which of your boots are waterproof?")
        await client.add_message(session["id"], "ai", "The brown ones.", response_to=asked["id"])
        for message in await client.get_messages(session["id"]):
            print(f"{message['message_type']}: {message['content']}")
        found = await client.search_messages(session["id"], "waterproof boot")
        print(f"found: {found[0]['content']} ({found[0]['score']:.2f})")
        document = await client.export_session(session["id"])
        copy = await client.import_session(document, copy=True)
        print(f"copied {copy['message_count']} messages of {copy['source_id']}")
        for made in (session, copy):
            await client.delete_session(made["id"])


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:2] or ["http://localhost:8000"]))
    except ChatMemoryError as error:
        sys.exit(str(error))
