"""Webhook deliveries: only with the secret, acknowledged only when stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import BytesIO

import aiohttp
import pytest
from fastapi import FastAPI

from bot.core.errors import ConfigError
from bot.core.jobs import NewJob
from bot.telegram.intake import Intake
from bot.telegram.webhook import webhook_router
from tests.support.emulator import RunningEmulator
from tests.support.serving import serving
from tests.telegram.rooms import Below

SECRET = "correct-horse"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def test_telegram_delivers_until_it_is_stored(telegram: RunningEmulator, below: Below) -> None:
    failures = 2

    async def enqueue(jobs: Sequence[NewJob]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError("disk full")
        await below.enqueue(jobs)

    app = FastAPI()
    app.include_router(webhook_router(Intake(1, enqueue), "/hook", SECRET))
    async with serving(app) as base, telegram.bot() as bot:
        await bot.set_webhook(f"{base}/hook", secret_token=SECRET)
        ann = await telegram.person("Ann")
        await ann.say(await telegram.private(ann), "hello")
        async with asyncio.timeout(5):
            while not below.jobs:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await bot.delete_webhook()
    assert [job.payload["message"]["text"] for job in below.jobs] == ["hello"]
    assert failures == 0


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({HEADER: SECRET}, b'{"update_id": 1}', 200),
        ({HEADER: "wrong"}, b'{"update_id": 1}', 401),
        ({HEADER: "пароль".encode().decode("latin-1")}, b'{"update_id": 1}', 401),
        ({}, b'{"update_id": 1}', 401),
        ({HEADER: SECRET}, b"not json", 400),
        ({HEADER: SECRET}, b'{"update_id": "x"}', 400),
        ({HEADER: SECRET}, b"[]", 400),
        ({HEADER: SECRET}, b" " * (1 << 21), 413),
    ],
)
async def test_what_is_taken(below: Below, headers: dict[str, str], body: bytes, status: int) -> None:
    app = FastAPI()
    app.include_router(webhook_router(Intake(1, below.enqueue), "/hook", SECRET))
    async with serving(app) as base, aiohttp.ClientSession() as session:
        response = await session.post(f"{base}/hook", headers=headers, data=BytesIO(body))
        assert response.status == status
        response.release()
    assert len(below.jobs) == (1 if status == 200 else 0)


def test_without_a_secret_there_is_no_webhook(below: Below) -> None:
    with pytest.raises(ConfigError, match="WEBHOOK_SECRET"):
        webhook_router(Intake(1, below.enqueue), "/hook", "")
