"""Answers of commands: each said once, also when the update is handled again after a crash."""

from __future__ import annotations

from aiogram.types import InlineKeyboardMarkup

from bot.core.messages import ChatRef
from bot.telegram.ports import Turns
from bot.telegram.render import Part
from bot.telegram.writer import Writer


class Replier:
    """Says things in one chat under a key; the n-th thing said has the key `<key>:<n>`."""

    def __init__(self, key: str, chat: ChatRef, writer: Writer, turns: Turns) -> None:
        self._key = key
        self._chat = chat
        self._writer = writer
        self._turns = turns
        self._said = 0

    async def send(self, text: str | Part, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Say it unless it was said already. Raises DeliveryError."""
        key = self._next_key()
        if await self._turns.reply_state(key) is not None:
            return
        part = text if isinstance(text, Part) else Part(text)
        message_id = await self._writer.send(part, keyboard)
        ids = () if message_id is None else (str(message_id),)
        await self._turns.note_reply(key, self._chat, ids)

    async def count_as_said(self) -> None:
        """Take the next thing for said: something else has told it already."""
        key = self._next_key()
        if await self._turns.reply_state(key) is None:
            await self._turns.note_reply(key, self._chat, ())

    def _next_key(self) -> str:
        self._said += 1
        return f"{self._key}:{self._said}"
