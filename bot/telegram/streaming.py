"""Answers that grow before the reader's eyes: typing, the first words, then edits at a bearable pace."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Literal

from aiogram import Bot
from aiogram.types import InlineKeyboardMarkup

from bot.core.errors import DeliveryError
from bot.core.messages import Reply, TurnRef
from bot.core.nursery import Nursery
from bot.core.ports import Clock, ReplySink
from bot.telegram.answers import answer_parts
from bot.telegram.delivery import Delivery
from bot.telegram.i18n import translator
from bot.telegram.keyboards import answer_buttons, owner_of, stop_button
from bot.telegram.pace import Pace
from bot.telegram.ports import Turns
from bot.telegram.racing import pause
from bot.telegram.render import render
from bot.telegram.unfinished import closed
from bot.telegram.writer import Writer

log = logging.getLogger(__name__)

StreamMode = Literal["edit", "draft", "off"]

_DRAFT_IDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between what the reader sees, and characters that make a first message worth its sound."""

    typing: float = 4.0
    first_after: float = 0.7
    first_at_latest: float = 2.0
    first_characters: int = 20
    private_edits: float = 1.2
    group_edits: float = 1.8
    tick: float = 0.1
    silence: float = 900.0
    """After so long without a new word the turn is taken for abandoned, and the typing sign ends."""


class TelegramSink:
    """Shows one turn's answer in its chat."""

    def __init__(self, turn: TurnRef, shared: TelegramSinks, before: TelegramSink | None) -> None:
        self._turn = turn
        self._shared = shared
        self._before = before
        self._t = translator(turn.language)
        self._writer = shared.writer(turn)
        self._mode = shared.mode if turn.chat.private or shared.mode != "draft" else "edit"
        self._delivery = Delivery(self._writer, shared.turns, turn, seeds=self._mode == "edit")
        self._text = self._drawn = ""
        self._interval = shared.rhythm.private_edits if turn.chat.private else shared.rhythm.group_edits
        self._mute = self._mode == "off"
        self._stop = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._typed_at = self._drawn_at = self._first_at = self._heard_at = float("-inf")

    async def begin(self) -> None:
        """Show the typing sign until words come."""
        if self._pump is None:
            self._heard_at = self._shared.clock.monotonic()
            self._pump = self._shared.nursery.start(self._run(), f"stream of turn {self._turn.turn_id}")

    def show(self, text: str) -> None:
        """Take the answer so far; it is drawn when there is time for it."""
        now = self._shared.clock.monotonic()
        if text and not self._text:
            self._first_at = now
        self._text, self._heard_at = text, now

    async def finish(self, reply: Reply) -> None:
        """Make the chat show the finished answer, whatever stands there already. Raises DeliveryError."""
        await self.halt()
        parts = answer_parts(reply, self._t)
        owner = owner_of(self._turn.asker)
        keyboard = answer_buttons(
            self._t, owner, self._turn.turn_id, failed=reply.failed, notices=reply.notices
        )
        await self._delivery.finish(parts, keyboard)
        self._shared.forget(self._turn.turn_id, self)

    async def halt(self) -> None:
        """End the drawing, letting a request under way finish: it must not come after the final edit."""
        await self._end_before()
        self._stop.set()
        if self._pump is not None:
            await asyncio.wait({self._pump})

    async def _run(self) -> None:
        await self._end_before()
        rhythm, clock = self._shared.rhythm, self._shared.clock
        while not self._stop.is_set() and clock.monotonic() - self._heard_at < rhythm.silence:
            await self._type()
            await self._draw()
            await pause(rhythm.tick, self._stop)

    async def _end_before(self) -> None:
        """Take over from an attempt that broke off: what it sent last may not be known to this turn yet."""
        before, self._before = self._before, None
        if before is not None:
            await before.halt()
            self._delivery.adopt(before._delivery)

    async def _type(self) -> None:
        now = self._shared.clock.monotonic()
        if not self._drawn and now - self._typed_at >= self._shared.rhythm.typing:
            self._typed_at = now
            if not self._shared.pace.held(self._writer.chat_id):
                await self._writer.typing()

    async def _draw(self) -> None:
        text = self._text
        if self._mute or text == self._drawn or not self._due(text):
            return
        try:
            await self._frame(text)
        except DeliveryError as error:
            # What was sent without an answer may stand in the chat: only the end tries again.
            unsure = not self._delivery.started and not self._shared.pace.held(self._writer.chat_id)
            self._mute = error.retry_after is None or unsure
            self._interval *= 2
            log.info("turn %s: a frame was skipped: %s", self._turn.turn_id, error)
        self._drawn_at = self._shared.clock.monotonic()

    def _due(self, text: str) -> bool:
        rhythm, now = self._shared.rhythm, self._shared.clock.monotonic()
        if not self._drawn:
            waited = now - self._first_at
            enough = len(text) >= rhythm.first_characters or waited >= rhythm.first_at_latest
            ready = bool(text) and waited >= rhythm.first_after and enough
        else:
            ready = now - self._drawn_at >= self._interval
        pace, private = self._shared.pace, self._turn.chat.private
        return ready and pace.room_for_frame(self._writer.chat_id, private=private)

    async def _frame(self, text: str) -> None:
        parts = render(closed(text))
        if not parts:
            return
        if self._mode == "draft":
            await self._writer.draft(self._turn.turn_id % _DRAFT_IDS + 1, parts[-1])
        elif not await self._delivery.grow(parts, self._stop_button()):
            self._mute = True
        self._drawn = text

    def _stop_button(self) -> InlineKeyboardMarkup:
        return stop_button(self._t, owner_of(self._turn.asker), self._turn.turn_id)


class TelegramSinks:
    """Opens sinks for turns that came from Telegram."""

    def __init__(
        self,
        bot: Bot,
        turns: Turns,
        clock: Clock,
        nursery: Nursery,
        pace: Pace,
        *,
        mode: StreamMode = "edit",
        rhythm: Rhythm | None = None,
    ) -> None:
        self._bot = bot
        self._live: dict[int, TelegramSink] = {}
        self.turns = turns
        self.clock = clock
        self.nursery = nursery
        self.pace = pace
        self.mode = mode
        self.rhythm = rhythm or Rhythm()

    def open(self, turn: TurnRef) -> ReplySink:
        """A sink for the turn; one that was opened for it before ends first."""
        sink = TelegramSink(turn, self, self._live.get(turn.turn_id))
        self._live[turn.turn_id] = sink
        return sink

    def writer(self, turn: TurnRef) -> Writer:
        """The writer into a turn's chat; in groups the answer stands below its question."""
        reply_to = None if turn.chat.private else turn.reply_to_external_id
        return Writer(self._bot, self.pace, turn.chat, reply_to)

    def forget(self, turn_id: int, sink: TelegramSink) -> None:
        """The turn is delivered."""
        if self._live.get(turn_id) is sink:
            del self._live[turn_id]
