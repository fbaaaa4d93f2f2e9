"""Updates that wait for a bot, and the long poll that fetches them."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from bot.core.ports import Clock
from bot.playground.emulator.errors import ApiError
from bot.playground.emulator.events import Signal
from bot.playground.records import BotAccount, PendingUpdate
from bot.playground.store import Json
from bot.playground.world import World

LIFETIME_SECONDS = 24 * 3600
# Telegram sends these only to bots that asked for them by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


def random_first_update() -> int:
    """Where a new bot's update ids begin."""
    return random.randint(100_000_000, 900_000_000)


class UpdateQueue:
    """One bot's pending updates: at most a day old, confirmed by offset, read by one poller at a time."""

    def __init__(self, world: World, clock: Clock, bot_id: int) -> None:
        self._world = world
        self._clock = clock
        self._bot_id = bot_id
        self._poller: object | None = None
        self._closed = False
        self.last_poll: float | None = None
        self.changed = Signal()

    @property
    def _bot(self) -> BotAccount:
        return self._world.bots[self._bot_id]

    @property
    def waiting(self) -> bool:
        """Whether a long poll is open now."""
        return self._poller is not None

    def wants(self, kind: str) -> bool:
        """Whether the bot asked for updates of this kind."""
        allowed = self._bot.allowed_updates
        return kind in allowed if allowed else kind not in ON_REQUEST

    def push(self, body: Json) -> int:
        """Queue an update (its fields without the id); returns the update id."""
        bot = self._bot
        self._world.put(replace(bot, next_update=bot.next_update + 1))
        now = self._clock.now().timestamp()
        self._world.put(PendingUpdate(bot.id, bot.next_update, now, {"update_id": bot.next_update, **body}))
        self.changed.fire()
        return bot.next_update

    def pending(self) -> list[PendingUpdate]:
        """What waits, oldest first; expired updates are forgotten on the way."""
        horizon = self._clock.now().timestamp() - LIFETIME_SECONDS
        waiting = list(self._world.updates[self._bot_id].values())
        for update in waiting:
            if update.date < horizon:
                self._world.drop(update)
        return sorted((u for u in waiting if u.date >= horizon), key=lambda update: update.update_id)

    def confirm(self, offset: int) -> None:
        """Forget everything before `offset`; a negative one keeps only the last `-offset` updates."""
        waiting = self.pending()
        done = waiting[:offset] if offset < 0 else [u for u in waiting if u.update_id < offset]
        for update in done:
            self._world.drop(update)

    def clear(self) -> None:
        """Forget everything."""
        for update in self.pending():
            self._world.drop(update)

    async def poll(self, limit: int, timeout: float) -> list[Json]:
        """Up to `limit` updates, at once or as soon as one comes within `timeout` seconds.

        Raises 409 in the caller that waited when another poll begins.
        """
        mine = object()
        self._poller = mine
        self.last_poll = self._clock.now().timestamp()
        self.changed.fire()
        try:
            await self._first(mine, timeout)
        finally:
            if self._poller is mine:
                self._poller = None
        return [update.body for update in self.pending()[:limit]]

    async def _first(self, mine: object, timeout: float) -> None:
        """Return once there is an update, or after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while not self.pending() and not self._closed:
            waiting = await self.changed.wait(end - loop.time())
            if self._poller is not mine:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            if not waiting:
                return

    def close(self) -> None:
        """End a waiting poll with what there is."""
        self._closed = True
        self.changed.fire()
