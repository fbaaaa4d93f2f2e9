"""Answers that take a while: first a word that they are coming, then the answer in its place."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aiogram import Bot

from bot.core.errors import DeliveryError
from bot.core.messages import ChatRef
from bot.telegram.pace import Pace
from bot.telegram.ports import Turns
from bot.telegram.render import Part
from bot.telegram.replier import Replier
from bot.telegram.writer import Writer

log = logging.getLogger(__name__)


class Promises:
    """Keeps what a `Replier` has promised as the first thing under its key."""

    def __init__(self, bot: Bot, pace: Pace, turns: Turns) -> None:
        self._bot = bot
        self._pace = pace
        self._turns = turns

    async def go_on(self, chat: ChatRef, key: str, part: Part) -> None:
        """Edit what was said under the key, if it is there, to tell how far it came. Raises DeliveryError."""
        if shown := await self._turns.reply_state(f"{key}:1"):
            await Writer(self._bot, self._pace, chat).edit(int(shown[0]), part)

    async def keep(self, chat: ChatRef, key: str, parts: Sequence[Part]) -> None:
        """Edit what was said under the key, or say it anew where that is gone; longer answers go on below.

        Raises DeliveryError while Telegram takes nothing; who can never be told is left alone.
        """
        writer = Writer(self._bot, self._pace, chat)
        shown = await self._turns.reply_state(f"{key}:1")
        replier = Replier(f"{key}:told", chat, writer, self._turns)
        try:
            edited = await writer.edit(int(shown[0]), parts[0]) if shown else False
            for part in parts[1:] if edited else parts:
                await replier.send(part)
        except DeliveryError as error:
            if error.retry_after is not None:
                raise
            log.info("nobody can be told any more: %s", error)
