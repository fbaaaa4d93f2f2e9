"""Long polling that commits first and acknowledges afterwards."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from bot.core.errors import ConfigError
from bot.telegram.racing import pause, unless_stopped

log = logging.getLogger(__name__)

Accept = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]

HANDLED_UPDATES = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "stopped_message_generation",
]
BAD_TOKEN = "Telegram does not know BOT_TOKEN: copy the token from @BotFather again."  # noqa: S105
_LONG_POLL_SECONDS = 30
_SLACK_SECONDS = 15
_BATCH = 100
_FIRST_PAUSE, _LONGEST_PAUSE, _CONFLICT_PAUSE = 1.0, 30.0, 5.0


class RawGetUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates whose updates stay JSON: one that we cannot parse must not stop the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = _BATCH
    timeout: int = _LONG_POLL_SECONDS
    allowed_updates: list[str] | None = None


def _after(updates: Sequence[dict[str, Any]]) -> int | None:
    # An empty answer has confirmed all there was. Forgetting the offset then is safe, and needed: after an
    # idle week Telegram numbers updates anew, perhaps below it.
    return max(update["update_id"] for update in updates) + 1 if updates else None


class Poller:
    """Fetches updates, hands them to `accept`, and moves the offset only when that has returned."""

    def __init__(self, bot: Bot, accept: Accept, long_poll_seconds: int = _LONG_POLL_SECONDS) -> None:
        self._bot = bot
        self._accept = accept
        self._seconds = long_poll_seconds
        self._offset: int | None = None
        self._failures = 0
        self._conflict_told = False
        self._webhook_removed = False

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set. Raises ConfigError when Telegram refuses the token."""
        while not stop.is_set():
            try:
                updates = await unless_stopped(self._fetch(), stop)
                if updates is not None:
                    await self._accept(updates)
                    self._offset = _after(updates)
            except (TelegramUnauthorizedError, TelegramNotFound):
                raise ConfigError(BAD_TOKEN) from None
            except Exception as error:  # noqa: BLE001 - the edge of the loop: polling never ends by itself
                await pause(self._pause_after(error), stop)
            else:
                self._recovered()

    async def _fetch(self) -> list[dict[str, Any]]:
        if not self._webhook_removed:
            await self._bot.delete_webhook(drop_pending_updates=False)
            self._webhook_removed = True
        method = RawGetUpdates(offset=self._offset, timeout=self._seconds, allowed_updates=HANDLED_UPDATES)
        return await self._bot(method, request_timeout=self._seconds + _SLACK_SECONDS)

    def _pause_after(self, error: Exception) -> float:
        """Seconds to wait before the next try; tells the log what happened."""
        if isinstance(error, TelegramRetryAfter):
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            self._tell_conflict()
            return _CONFLICT_PAUSE
        self._failures += 1
        seconds = min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
        trace = None if isinstance(error, AiogramError) else error
        log.warning("polling failed, next try in about %.0f s: %s", seconds, error, exc_info=trace)
        return float(seconds * random.uniform(0.8, 1.2))

    def _tell_conflict(self) -> None:
        # The other poller may have set a webhook, too.
        self._webhook_removed = False
        if not self._conflict_told:
            log.error(
                "another program polls with this BOT_TOKEN: stop it, or give this bot a token of its own"
            )
            self._conflict_told = True

    def _recovered(self) -> None:
        if self._failures or self._conflict_told:
            log.info("polling works again")
        self._failures, self._conflict_told = 0, False
