"""A question in a chat, the sinks that answer it, and what its reader sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import SystemClock
from bot.core.messages import ChatRef, Person, TurnRef
from bot.core.nursery import Nursery
from bot.playground.people import ChatHandle, MessageHandle, PersonHandle
from bot.telegram.face import TelegramFace
from bot.telegram.pace import Pace
from bot.telegram.streaming import Rhythm, TelegramSinks
from tests.support.emulator import RunningEmulator
from tests.telegram.rooms import Below

QUICK = Rhythm(
    typing=0.2, first_after=0.05, first_at_latest=0.1, private_edits=0.08, group_edits=0.08, tick=0.01
)
LONG = "\n".join(f"{n}. **line** number {n} of a long answer 😀" for n in range(1, 400))


@dataclass
class Scene:
    telegram: RunningEmulator
    below: Below
    face: TelegramFace
    chat: ChatHandle
    asker: PersonHandle
    question: MessageHandle

    def turn(self) -> TurnRef:
        """The turn as the answering lane would load it now."""
        record = self.chat.record
        return TurnRef(
            turn_id=7,
            channel="telegram",
            chat=ChatRef(external_id=str(self.chat.id), type=record.type),
            asker=Person(external_id=str(self.asker.id)),
            language="en",
            reply_to_external_id=str(self.question.id),
            delivered=self.below.turns.delivered(),
        )

    def restarted(self) -> TelegramSinks:
        """Sinks of a process that knows only what was stored."""
        clock = SystemClock()
        return TelegramSinks(self.face.bot, self.below.turns, clock, Nursery(), Pace(clock), rhythm=QUICK)

    def shown(self) -> list[str]:
        """Texts that stand in the chat."""
        return [message.text for message in self.telegram.bot_messages(self.chat)]

    def last(self) -> MessageHandle:
        return self.telegram.bot_messages(self.chat)[-1]

    async def until(self, count: int) -> None:
        """Wait until so many bot messages stand in the chat."""
        await self._until(lambda: len(self.shown()) >= count)

    async def until_shown(self, *texts: str) -> None:
        """Wait until exactly these texts stand in the chat."""
        await self._until(lambda: self.shown() == list(texts))

    async def until_called(self, method: str) -> None:
        """Wait until the bot has called a method."""
        await self._until(lambda: bool(self.telegram.calls(method)))

    async def _until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not reached():
                await self.telegram.emu.events.changed.wait(0.02)


async def scene_in(
    telegram: RunningEmulator, below: Below, face: TelegramFace, *, group: bool = False
) -> Scene:
    ann = await telegram.person("Ann")
    chat = await telegram.group("Camping", [ann]) if group else await telegram.private(ann)
    question = await ann.say(chat, "@mnema_bot what now?")
    return Scene(telegram, below, face, chat, ann, question)
