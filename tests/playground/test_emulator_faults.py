"""Ordered faults, as a client meets them on the wire."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from fastapi import FastAPI

from bot.playground.emulator import Fault, emulator_router
from bot.playground.people import ChatHandle
from tests.support.emulator import RunningEmulator, telegram
from tests.support.serving import serving

__all__ = ["telegram"]


@pytest.fixture
async def bot(telegram: RunningEmulator) -> AsyncIterator[Bot]:
    bot = telegram.bot()
    yield bot
    await bot.session.close()


@pytest.fixture
async def chat(telegram: RunningEmulator) -> ChatHandle:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    await ann.say(chat, "/start")
    return chat


def shown(telegram: RunningEmulator, chat: ChatHandle) -> list[str]:
    return [message.text for message in telegram.bot_messages(chat)]


async def test_refusals_strike_so_often_and_only_their_chat(
    bot: Bot, telegram: RunningEmulator, chat: ChatHandle
) -> None:
    rule = telegram.emu.faults.add("sendMessage", Fault.too_many(3), chat_id=chat.id, times=2)
    borys = await telegram.person("Borys")
    other = await telegram.private(borys)
    await borys.say(other, "/start")
    await bot.send_message(other.id, "fine here")
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(chat.id, "x")
        assert caught.value.retry_after == 3
    await bot.send_message(chat.id, "third time")
    assert rule.used == 2
    assert shown(telegram, chat) == ["third time"]
    telegram.emu.faults.add("*", Fault.refusal(403, "Forbidden: bot was blocked by the user"), after=1)
    await bot.send_chat_action(chat.id, "typing")
    with pytest.raises(TelegramForbiddenError):
        await bot.send_chat_action(chat.id, "typing")


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_reset_before_or_after_the_message_stands(
    bot: Bot, telegram: RunningEmulator, chat: ChatHandle, accepted: bool
) -> None:
    telegram.emu.faults.add("sendMessage", Fault.reset(accepted=accepted))
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.id, "did it arrive?")
    assert shown(telegram, chat) == (["did it arrive?"] if accepted else [])
    assert telegram.calls("sendMessage")[-1].status == 0


async def test_an_undecodable_answer_to_a_message_that_stands(
    bot: Bot, telegram: RunningEmulator, chat: ChatHandle
) -> None:
    telegram.emu.faults.add("sendMessage", Fault.garbage())
    with pytest.raises(ClientDecodeError):
        await bot.send_message(chat.id, "it did arrive")
    assert shown(telegram, chat) == ["it did arrive"]


async def test_a_proxy_page_and_silence(bot: Bot, telegram: RunningEmulator, chat: ChatHandle) -> None:
    telegram.emu.faults.add("sendMessage", Fault.page(502))
    async with (
        aiohttp.ClientSession() as http,
        http.post(telegram.method_url("sendMessage"), json={"chat_id": chat.id, "text": "x"}) as response,
    ):
        assert response.status == 502
        assert "<html>" in await response.text()
    telegram.emu.faults.add("sendMessage", Fault.hang(0.3))
    began = time.monotonic()
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.id, "x")
    assert time.monotonic() - began > 0.25
    telegram.emu.faults.add("sendMessage", Fault.hang(30, accepted=True))
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await bot.send_message(chat.id, "slow but there", request_timeout=1)
    assert shown(telegram, chat) == ["slow but there"]


async def test_polling_meets_faults_too(bot: Bot, telegram: RunningEmulator, chat: ChatHandle) -> None:
    telegram.emu.faults.add("getUpdates", Fault.reset())
    with pytest.raises(TelegramNetworkError):
        await bot.get_updates()
    assert len(await bot.get_updates()) == 1
    telegram.emu.faults.add("*", Fault.reset(), times=None)
    assert len(await bot.get_updates()) == 1, "the wildcard spares the poll"
    telegram.emu.faults.clear()
    await bot.send_message(chat.id, "all well")


async def test_a_cut_works_behind_a_server_without_the_middleware(
    telegram: RunningEmulator, chat: ChatHandle
) -> None:
    app = FastAPI()
    app.include_router(emulator_router(telegram.emu), prefix="/telegram")
    telegram.emu.faults.add("sendMessage", Fault.reset(accepted=True))
    async with serving(app) as base, aiohttp.ClientSession() as http:
        address = telegram.method_url("sendMessage").replace(telegram.base, base)
        with pytest.raises(aiohttp.ClientError):
            async with http.post(address, json={"chat_id": chat.id, "text": "cut"}) as response:
                await response.read()
    assert shown(telegram, chat) == ["cut"]
