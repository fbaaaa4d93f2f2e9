"""The Bot API emulator served to a test, with people at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.ports import Clock
from bot.playground.emulator import CutConnections, Emulator, emulator_router
from bot.playground.page_api import page_router
from bot.playground.people import Playground
from bot.playground.store import Store
from tests.support.serving import serving

if TYPE_CHECKING:
    from aiogram import Bot

TOKEN = "7000000001:test-token-of-the-emulator-0000000"


@dataclass(frozen=True)
class RunningEmulator(Playground):
    """A served emulator: `emu` and the people facade, plus the addresses."""

    base: str
    token: str

    @property
    def telegram_url(self) -> str:
        """What TELEGRAM_API_URL is set to."""
        return f"{self.base}/telegram"

    @property
    def page_url(self) -> str:
        """Where the page API stands."""
        return f"{self.base}/playground/api"

    def method_url(self, method: str) -> str:
        """The address of a Bot API method."""
        return f"{self.telegram_url}/bot{self.token}/{method}"

    def bot(self) -> Bot:
        """An aiogram bot that talks to this emulator; close its session in the end."""
        from aiogram import Bot
        from aiogram.client.session.aiohttp import AiohttpSession
        from aiogram.client.telegram import TelegramAPIServer

        class PlainSession(AiohttpSession):
            """Closes without aiogram's quarter of a second for TLS, which is not spoken here."""

            async def close(self) -> None:
                if self._session is not None:
                    await self._session.close()

        session = PlainSession(api=TelegramAPIServer.from_base(self.telegram_url))
        return Bot(self.token, session=session)


class _AtFirstUse:
    """An app that its first request makes: FastAPI takes a tenth of a second to make the page's routes."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._made = self._made or self._make()
        await self._made(scope, receive, send)


def page_of(emulator: Emulator) -> FastAPI:
    """The page API alone."""
    page = FastAPI(openapi_url=None)
    page.include_router(page_router(emulator))
    return page


@asynccontextmanager
async def running_emulator(
    path: str | Path = ":memory:",
    *,
    clock: Clock | None = None,
    limits: bool = False,
    token: str = TOKEN,
    privacy: bool = False,
    port: int = 0,
    webhook_backoff: float = 0.05,
) -> AsyncIterator[RunningEmulator]:
    """Serve an emulator on a free loopback port; the same `path` again is the same world."""
    emulator = Emulator(Store(path), clock, limits=limits, webhook_backoff=webhook_backoff)
    await emulator.open()
    await emulator.add_bot(token, privacy=privacy)
    app = FastAPI(openapi_url=None)
    app.include_router(emulator_router(emulator), prefix="/telegram")
    app.mount("/playground/api", _AtFirstUse(lambda: page_of(emulator)))
    try:
        async with serving(CutConnections(app), port, before_stop=emulator.release) as base:
            yield RunningEmulator(emulator, base, token)
    finally:
        await emulator.close()


@pytest.fixture
async def telegram() -> AsyncIterator[RunningEmulator]:
    """An empty emulator with one bot."""
    async with running_emulator() as running:
        yield running
