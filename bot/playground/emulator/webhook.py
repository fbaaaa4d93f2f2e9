"""Delivery of updates by webhook: one after another, repeated with back-off until the receiver says 2xx."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp

from bot.core.nursery import Nursery
from bot.core.ports import Clock
from bot.playground.emulator.updates import UpdateQueue
from bot.playground.records import PendingUpdate
from bot.playground.store import Json
from bot.playground.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MAX_BACKOFF = 60.0


class WebhookSender:
    """Posts a bot's pending updates to the address that it set."""

    def __init__(self, world: World, clock: Clock, nursery: Nursery, first_backoff: float = 1.0) -> None:
        self._world = world
        self._clock = clock
        self._nursery = nursery
        self._first_backoff = first_backoff
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def restart(self, bot_id: int, queue: UpdateQueue) -> None:
        """Begin, or end, delivery according to the bot's present webhook."""
        if (task := self._tasks.pop(bot_id, None)) is not None:
            task.cancel()
        if self._world.bots[bot_id].webhook:
            self._tasks[bot_id] = self._nursery.start(self._deliver(bot_id, queue), f"webhook of {bot_id}")

    async def _deliver(self, bot_id: int, queue: UpdateQueue) -> None:
        backoff = self._first_backoff
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            while True:
                waiting = queue.pending()
                if not waiting:
                    await queue.changed.wait(3600)
                    continue
                error = await self._post(session, self._world.bots[bot_id].webhook or {}, waiting[0])
                if error is None:
                    self._world.drop(waiting[0])
                    backoff = self._first_backoff
                else:
                    self._note(bot_id, error)
                await self._world.commit()
                if error is not None:
                    await asyncio.sleep(backoff)
                    backoff = min(2 * backoff, MAX_BACKOFF)

    async def _post(self, session: aiohttp.ClientSession, webhook: Json, update: PendingUpdate) -> str | None:
        headers = {SECRET_HEADER: webhook["secret_token"]} if webhook.get("secret_token") else {}
        try:
            async with session.post(webhook["url"], json=update.body, headers=headers) as response:
                if 200 <= response.status < 300:
                    return None
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientError as error:
            return f"Connection failed: {error}"

    def _note(self, bot_id: int, error: str) -> None:
        bot = self._world.bots[bot_id]
        if bot.webhook:
            told = {"last_error_date": int(self._clock.now().timestamp()), "last_error_message": error}
            self._world.put(replace(bot, webhook=bot.webhook | told))
