"""Waiting for what the bot shows."""

from __future__ import annotations

import asyncio
import time

from bot.playground.people.handles import ChatHandle
from bot.playground.people.messages import MessageHandle


async def wait_reply(
    message: MessageHandle, *, contains: str | None = None, settled: float = 0.3, timeout: float = 5.0
) -> MessageHandle:
    """The bot's last message for a person's message, once nothing has changed for `settled` seconds.

    With `contains`, the last one that holds these words. Raises TimeoutError that tells what came instead.
    """
    emu = message.emu
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        sent = [MessageHandle(emu, message.chat_id, id) for id in message.entry.sent]
        fitting = [m for m in sent if not m.deleted and (contains is None or contains in m.text)]
        quiet = time.monotonic() - message.entry.touched
        if fitting and quiet >= settled:
            return fitting[-1]
        left = end - loop.time()
        if left <= 0:
            came = [m.text for m in sent if not m.deleted]
            raise TimeoutError(f"no settled reply to {message.text!r} with {contains!r}; what came: {came}")
        await emu.events.changed.wait(min(left, max(settled - quiet, 0.005)) if fitting else left)


async def wait_message(
    chat: ChatHandle, *, contains: str = "", after: int = 0, timeout: float = 5.0
) -> MessageHandle:
    """A bot's message in a chat that holds these words and is newer than the id `after`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        own = [m for m in chat.messages if m.record.from_bot and m.id > after]
        if fitting := [m for m in own if contains in m.text]:
            return fitting[-1]
        left = end - loop.time()
        if left <= 0:
            raise TimeoutError(f"no bot message with {contains!r}; what stands: {[m.text for m in own]}")
        await chat.emu.events.changed.wait(left)
