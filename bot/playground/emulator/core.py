"""The Bot API emulator: one object that holds the world, its clock, and all that is watched or ordered."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import Any

from bot.core.clock import SystemClock
from bot.core.nursery import Nursery
from bot.core.ports import Clock
from bot.playground.emulator.call import RequestRecord
from bot.playground.emulator.events import EventLog
from bot.playground.emulator.faults import Faults
from bot.playground.emulator.files import Files
from bot.playground.emulator.ledger import Ledger
from bot.playground.emulator.limits import RateLimits
from bot.playground.emulator.render import message_json
from bot.playground.emulator.schema import check_update, shapes
from bot.playground.emulator.updates import UpdateQueue, random_first_update
from bot.playground.emulator.webhook import WebhookSender
from bot.playground.records import BotAccount, Chat, Message
from bot.playground.store import Json, Store
from bot.playground.world import World

REQUESTS_KEPT = 5000


class Emulator:
    """Telegram for one process: bots call it over HTTP, people act through `bot.playground.people`.

    `limits=True` switches Telegram's rate limits on; `webhook_backoff` is the first pause in seconds.
    """

    def __init__(
        self, store: Store, clock: Clock | None = None, *, limits: bool = False, webhook_backoff: float = 1.0
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.world = World(store)
        self.files = Files(self.world)
        self.events = EventLog(int(self.clock.now().timestamp() * 1000))
        self.ledger = Ledger(self.clock)
        self.faults = Faults()
        self.limits = RateLimits(self.clock, limits)
        self.closing = asyncio.Event()
        self.requests: deque[RequestRecord] = deque(maxlen=REQUESTS_KEPT)
        self._queues: dict[int, UpdateQueue] = {}
        self._nursery = Nursery()
        self._webhooks = WebhookSender(self.world, self.clock, self._nursery, webhook_backoff)

    async def open(self) -> None:
        """Open the store, read the world, and take up webhook delivery."""
        await self.world.store.open()
        await self.world.load()
        await asyncio.to_thread(shapes)
        for bot in list(self.world.bots.values()):
            self._webhooks.restart(bot.id, self.queue(bot.id))

    def release(self) -> None:
        """End what holds requests open: long polls, followers, ordered hangs; for a server that stops."""
        self.closing.set()
        self.events.close()
        for queue in self._queues.values():
            queue.close()

    async def close(self) -> None:
        """Release all, end deliveries, and close the store."""
        self.release()
        await self._nursery.close()
        await self.world.commit()
        await self.world.store.close()

    async def commit(self) -> None:
        """Make what happened last."""
        await self.world.commit()

    def now(self) -> int:
        """The clock's time in seconds, as messages carry it."""
        return int(self.clock.now().timestamp())

    async def add_bot(
        self,
        token: str,
        *,
        username: str = "mnema_bot",
        first_name: str = "Mnema",
        privacy: bool | None = None,
    ) -> BotAccount:
        """Make the bot of a token, whose number is its id, or return the one that is there.

        `privacy=None` leaves it as it is; a new bot has none.
        """
        bot_id = int(token.split(":", 1)[0])
        bot = self.world.bots.get(bot_id)
        private = bool(bot and bot.privacy) if privacy is None else privacy
        if bot is None or bot.token != token or bot.privacy != private:
            first = bot.next_update if bot else random_first_update()
            bot = BotAccount(bot_id, token, first_name, username, private, first)
            self.world.put(bot)
            await self.commit()
        return bot

    async def set_privacy(self, bot_id: int, enabled: bool) -> None:
        """Whether a bot sees only what is addressed to it in groups; it counts from the next message on."""
        self.world.put(replace(self.world.bots[bot_id], privacy=enabled))
        self.events.emit("bot", bot_id=bot_id)
        await self.commit()

    def bot_by_token(self, token: str) -> BotAccount | None:
        """The bot that a token opens."""
        return next((bot for bot in self.world.bots.values() if bot.token == token), None)

    @property
    def main_bot(self) -> BotAccount:
        """The first bot; people's private chats are with it."""
        if not self.world.bots:
            raise RuntimeError("the playground has no bot yet: call add_bot() first")
        return next(iter(self.world.bots.values()))

    def queue(self, bot_id: int) -> UpdateQueue:
        """The pending updates of a bot."""
        if bot_id not in self._queues:
            self._queues[bot_id] = UpdateQueue(self.world, self.clock, bot_id)
        return self._queues[bot_id]

    def webhook_changed(self, bot_id: int) -> None:
        """Take up or end webhook delivery after the bot set another address."""
        self._webhooks.restart(bot_id, self.queue(bot_id))

    def notify(self, bot_id: int, kind: str, body: Json) -> None:
        """Send a bot an update of one kind, if it wants such updates."""
        check_update({kind: body})
        if self.queue(bot_id).wants(kind):
            self.queue(bot_id).push({kind: body})

    async def inject(self, bot_id: int, body: Json) -> int:
        """Send a bot an update unchecked, such as a kind that does not exist yet; returns its id."""
        update_id = self.queue(bot_id).push(body)
        await self.commit()
        return update_id

    def add_message(self, chat: Chat, sender_id: int, body: Json, **fields: Any) -> Message:
        """Put a new message into a chat and show it to the page; telling the bots is the caller's part."""
        message_id = self.world.take_message_id(chat.id)
        message = Message(chat.id, message_id, sender_id, self.now(), body, **fields)
        self.world.put(message)
        self.show("message", message)
        return message

    def change_message(self, message: Message, event: str, **changes: Any) -> Message:
        """Replace a message's fields and show the change."""
        changed = self.world.put(replace(message, **changes))
        self.show(event, changed)
        return changed

    def show(self, event: str, message: Message) -> None:
        """Emit an event about a message."""
        self.events.emit(
            event, chat_id=message.chat_id, message_id=message.id, message=self.page_message(message)
        )

    def page_message(self, message: Message) -> Json:
        """A message as the page API gives it: the Bot API's form and what only people see."""
        reactions: dict[str, list[int]] = {}
        for user_id, emojis in message.reactions.items():
            for emoji in emojis:
                reactions.setdefault(emoji, []).append(user_id)
        body = message_json(self.world, message)
        body |= {"out": message.from_bot, "edited": message.edited is not None, "reactions": reactions}
        if message.markup and not message.keyboard:
            body["keyboard"] = message.markup
        return body
