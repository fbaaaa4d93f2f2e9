"""Updates: the long poll, offsets, conflicts, age, restarts, webhooks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.emulator import RunningEmulator, running_emulator, telegram
from tests.support.serving import serving

__all__ = ["telegram"]


@dataclass
class HeldClock:
    """A clock that stands until it is moved."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(
    http: aiohttp.ClientSession, running: RunningEmulator, method: str, **params: Any
) -> dict[str, Any]:
    async with http.post(running.method_url(method), json=params) as response:
        body: dict[str, Any] = await response.json()
        assert response.status == (200 if body["ok"] else body["error_code"])
        return body


async def test_long_poll_wakes_at_once(telegram: RunningEmulator, http: aiohttp.ClientSession) -> None:
    ann = await telegram.person("Ann", username="ann_miller")
    chat = await telegram.private(ann)

    async def speak() -> float:
        await asyncio.sleep(0.2)
        await ann.say(chat, "Hello")
        return time.monotonic()

    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(call(http, telegram, "getUpdates", timeout=30))
        spoken = tasks.create_task(speak())
        body = await polling
        arrived = time.monotonic()
    assert [update["message"]["text"] for update in body["result"]] == ["Hello"]
    assert arrived - spoken.result() < 0.1


async def test_long_poll_ends_empty_after_its_timeout(
    telegram: RunningEmulator, http: aiohttp.ClientSession
) -> None:
    began = time.monotonic()
    body = await call(http, telegram, "getUpdates", timeout=1)
    assert body["result"] == []
    assert 0.9 < time.monotonic() - began < 1.5


async def test_offsets_confirm_and_limit(telegram: RunningEmulator, http: aiohttp.ClientSession) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    for number in range(5):
        await ann.say(chat, f"n{number}")
    first = (await call(http, telegram, "getUpdates", limit=2))["result"]
    assert [update["message"]["text"] for update in first] == ["n0", "n1"]
    again = (await call(http, telegram, "getUpdates", limit=2))["result"]
    assert again == first, "without an offset nothing is confirmed"
    ids = [update["update_id"] for update in first]
    assert ids[1] == ids[0] + 1
    rest = (await call(http, telegram, "getUpdates", offset=ids[0] + 1))["result"]
    assert [update["message"]["text"] for update in rest] == ["n1", "n2", "n3", "n4"]
    back = (await call(http, telegram, "getUpdates", offset=ids[0]))["result"]
    assert len(back) == 4, "what was confirmed never comes back"
    last = (await call(http, telegram, "getUpdates", offset=-2))["result"]
    assert [update["message"]["text"] for update in last] == ["n3", "n4"]
    left = (await call(http, telegram, "getUpdates"))["result"]
    assert len(left) == 2, "a negative offset forgets what is before it"


async def test_second_poll_ends_the_first_with_conflict(
    telegram: RunningEmulator, http: aiohttp.ClientSession
) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(call(http, telegram, "getUpdates", timeout=20))
        await asyncio.sleep(0.1)
        second = tasks.create_task(call(http, telegram, "getUpdates", timeout=1))
    assert first.result()["error_code"] == 409
    assert first.result()["description"].startswith("Conflict: terminated by other getUpdates request")
    assert second.result() == {"ok": True, "result": []}


async def test_conflict_reaches_aiogram_as_its_own_error(telegram: RunningEmulator) -> None:
    bot = telegram.bot()
    try:
        await bot.set_webhook("https://example.test/hook")
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
        assert await bot.get_updates() == []
    finally:
        await bot.session.close()


async def test_updates_expire_after_a_day(http: aiohttp.ClientSession) -> None:
    clock = HeldClock()
    async with running_emulator(clock=clock) as running:
        ann = await running.person("Ann")
        chat = await running.private(ann)
        await ann.say(chat, "old")
        clock.time += timedelta(hours=23)
        await ann.say(chat, "newer")
        clock.time += timedelta(hours=1, seconds=1)
        body = await call(http, running, "getUpdates")
        assert [update["message"]["text"] for update in body["result"]] == ["newer"]


async def test_allowed_updates_are_remembered(telegram: RunningEmulator, http: aiohttp.ClientSession) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    message = await ann.say(chat, "one")
    await ann.react(message, "👍")
    first = (await call(http, telegram, "getUpdates", allowed_updates=["message_reaction"]))["result"]
    assert [sorted(update) for update in first] == [["message", "update_id"]], "reactions only on request"
    await ann.react(message, "👎")
    await ann.edit(message, "two")
    kinds = (await call(http, telegram, "getUpdates", offset=first[-1]["update_id"] + 1))["result"]
    assert [sorted(update) for update in kinds] == [["message_reaction", "update_id"]]


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "play" / "world.db"
    async with running_emulator(path) as running:
        oksana = await running.person("Оксана", username="oksana_k", language="uk")
        chat = await running.private(oksana)
        group = await running.group("Camping", [oksana], is_forum=True)
        topic = await group.topic("Tents")
        await oksana.say(group, "в темі", thread_id=topic)
        await oksana.say(chat, "Привіт 👋")
        bot = running.bot()
        try:
            sent = await bot.send_message(chat.id, "Вітаю", parse_mode="HTML")
            before = [update.model_dump() for update in await bot.get_updates()]
        finally:
            await bot.session.close()
    async with running_emulator(path) as running:
        bot = running.bot()
        try:
            after = [update.model_dump() for update in await bot.get_updates()]
            assert after == before
            assert len(after) >= 4
            edited = await bot.edit_message_text("Знову", chat_id=chat.id, message_id=sent.message_id)
            assert isinstance(edited, type(sent))
            assert edited.text == "Знову"
            assert await bot.get_chat_member_count(group.id) == 2
            newer = await bot.send_message(group.id, "тут", message_thread_id=topic)
            assert newer.message_id == 4, "ids go on where they were"
        finally:
            await bot.session.close()


async def test_an_injected_update_of_an_unknown_kind_goes_out_as_it_is(
    telegram: RunningEmulator, http: aiohttp.ClientSession
) -> None:
    bot_id = telegram.emu.main_bot.id
    await telegram.emu.inject(bot_id, {"quantum_message": {"text": 7}})
    body = await call(http, telegram, "getUpdates")
    assert body["result"][0]["quantum_message"] == {"text": 7}


async def test_webhook_repeats_until_accepted_and_carries_the_secret() -> None:
    seen: list[tuple[str | None, str]] = []
    complete = asyncio.Event()

    async def receive(request: Request) -> Response:
        body = await request.json()
        seen.append((request.headers.get("x-telegram-bot-api-secret-token"), body["message"]["text"]))
        if len(seen) == 4:
            complete.set()
        return Response(status_code=500 if len(seen) < 3 else 200)

    receiver = Starlette(routes=[Route("/hook", receive, methods=["POST"])])
    async with running_emulator() as running, serving(receiver) as address:
        bot: Bot = running.bot()
        try:
            ann = await running.person("Ann")
            chat = await running.private(ann)
            await bot.set_webhook(f"{address}/hook", secret_token="s3cret_token")
            await ann.say(chat, "first")
            await ann.say(chat, "second")
            await asyncio.wait_for(complete.wait(), 5)
            assert [text for _, text in seen] == ["first", "first", "first", "second"]
            assert {secret for secret, _ in seen} == {"s3cret_token"}
            info = await bot.get_webhook_info()
            assert info.pending_update_count == 0
            assert "500" in (info.last_error_message or "")
        finally:
            await bot.session.close()
