"""The product with its real wiring, between an emulated Telegram and a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.app import App, build_app
from bot.app.telegram import attach_telegram
from bot.core.ports import Clock
from bot.settings import Settings
from bot.telegram.face import TelegramFace
from tests.support.emulator import RunningEmulator, running_emulator
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Body

T = TypeVar("T")


@dataclass
class Product:
    """A running bot with both its outer worlds."""

    telegram: RunningEmulator
    llm: ScriptedLLM
    app: App
    face: TelegramFace

    async def look(self, unit: Callable[[Session], T]) -> T:
        """Read the bot's database."""
        return await self.app.database.read(unit)

    def prompt(self, number: int = -1) -> list[dict[str, Any]]:
        """The messages of a request that the model received."""
        messages: list[dict[str, Any]] = self.llm.requests[number].body["messages"]
        return messages

    def prompt_text(self, number: int = -1) -> str:
        """All text of a request's messages."""
        return text_of(self.llm.requests[number].body)


def text_of(body: Body) -> str:
    """All text that a request shows the model."""
    parts: list[str] = []
    for message in body["messages"]:
        content = message.get("content") or ""
        if isinstance(content, str):
            parts.append(content)
        else:
            parts.extend(part.get("text", "") for part in content)
    return "\n".join(parts)


def product_settings(database_url: str, data_dir: Path, llm: ScriptedLLM, **overrides: Any) -> Settings:
    """Settings of a test: nothing from the shell or a file."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": data_dir,
        "llm_base_url": llm.base_url,
        "llm_api_key": SecretStr("test-key"),
        "llm_model": "gpt-4o-mini",
        "access": "open",
    }
    return Settings(**(values | overrides))


@asynccontextmanager
async def running_bot(
    settings: Settings,
    telegram: RunningEmulator,
    llm: ScriptedLLM,
    *,
    clock: Clock | None = None,
    everyone: bool = True,
) -> AsyncIterator[Product]:
    """The bot itself, polling the emulator; it is drained and closed in the end."""
    app = build_app(settings, clock=clock, everyone=everyone)
    face = attach_telegram(app, telegram.token, telegram.telegram_url)
    stop = asyncio.Event()
    try:
        await app.open()
        await face.start(stop)
        await app.work()
        async with asyncio.TaskGroup() as group:
            group.create_task(face.poll(stop))
            try:
                yield Product(telegram, llm, app, face)
            finally:
                stop.set()
    finally:
        await app.close(2.0)
        await face.close()


@asynccontextmanager
async def running_product(
    database_url: str,
    data_dir: Path,
    *,
    dialect: str = "openai",
    everyone: bool = True,
    clock: Clock | None = None,
    **overrides: Any,
) -> AsyncIterator[Product]:
    """Everything: emulator, scripted model, bot."""
    async with AsyncExitStack() as stack:
        llm = await stack.enter_async_context(scripted_llm(dialect))
        telegram = await stack.enter_async_context(running_emulator())
        settings = product_settings(database_url, data_dir, llm, **overrides)
        yield await stack.enter_async_context(
            running_bot(settings, telegram, llm, clock=clock, everyone=everyone)
        )
