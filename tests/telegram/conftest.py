"""A running face: the emulator, the bot over it, and a worker that does the stored updates in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.core.clock import SystemClock
from bot.core.nursery import Nursery
from bot.telegram.face import FaceSettings, Rooms, TelegramFace
from bot.telegram.streaming import StreamMode
from tests.support.emulator import RunningEmulator, running_emulator
from tests.telegram.rooms import Below
from tests.telegram.scene import QUICK, Scene, scene_in


@dataclass
class Stage:
    """Everything that a test of the face needs."""

    telegram: RunningEmulator
    face: TelegramFace
    below: Below
    handled: int = 0

    async def settle(self, timeout: float = 5.0) -> None:
        """Wait until every update that Telegram holds has been stored and handled."""
        bot_id = self.telegram.emu.main_bot.id
        async with asyncio.timeout(timeout):
            while not self._idle(bot_id):  # noqa: ASYNC110 - the worker under test has no event to wait for
                await asyncio.sleep(0.005)

    def _idle(self, bot_id: int) -> bool:
        stored = {job.payload["update_id"] for job in self.below.jobs}
        waiting = {update.body["update_id"] for update in self.telegram.emu.queue(bot_id).pending()}
        return waiting <= stored and self.handled == len(self.below.jobs)

    async def work(self, stop: asyncio.Event) -> None:
        """A lane for all: each stored update once, in order."""
        while not stop.is_set():
            while self.handled < len(self.below.jobs):
                await self.face.handle_update(self.below.jobs[self.handled].payload, self.handled + 1)
                self.handled += 1
            await asyncio.sleep(0.005)


def make_face(
    telegram: RunningEmulator, below: Below, nursery: Nursery, mode: StreamMode = "edit"
) -> TelegramFace:
    settings = FaceSettings(
        token=telegram.token,
        api_url=telegram.telegram_url,
        names=("Мнемо",),
        stream_mode=mode,
        rhythm=QUICK,
    )
    rooms = Rooms(
        below.turns,
        below.memories,
        below.conversations,
        below.access,
        below.chats,
        below.enqueue,
        below.on_identity,
        below.profiles,
        below.awaiting,
        below.chat_settings,
        below.insight,
        below.search,
        below.incognito,
        below.house,
    )
    return TelegramFace(settings, rooms, SystemClock(), nursery)


@pytest.fixture
async def telegram() -> AsyncIterator[RunningEmulator]:
    async with running_emulator() as running:
        yield running


@pytest.fixture
def below() -> Below:
    return Below()


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    nursery = Nursery()
    yield nursery
    await nursery.close()


@pytest.fixture
async def stage(telegram: RunningEmulator, below: Below, nursery: Nursery) -> AsyncIterator[Stage]:
    """A face that polls and handles."""
    face, stop = make_face(telegram, below, nursery), asyncio.Event()
    await face.start()
    stage = Stage(telegram, face, below)
    tasks = [nursery.start(face.poll(stop), "poll"), nursery.start(stage.work(stop), "work")]
    yield stage
    stop.set()
    await asyncio.gather(*tasks)
    await nursery.close()
    await face.close()


@pytest.fixture
def mode() -> StreamMode:
    return "edit"


@pytest.fixture
async def face(
    telegram: RunningEmulator, below: Below, nursery: Nursery, mode: StreamMode
) -> AsyncIterator[TelegramFace]:
    face = make_face(telegram, below, nursery, mode)
    yield face
    await nursery.close()
    await face.close()


@pytest.fixture
async def scene(telegram: RunningEmulator, below: Below, face: TelegramFace) -> Scene:
    return await scene_in(telegram, below, face)
