"""Updates posted by Telegram: acknowledged when committed, whatever the trouble, in turn with polling."""

from __future__ import annotations

import asyncio
import io
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import App
from bot.app.running import run_bot
from bot.core.jobs import NewJob
from bot.core.nursery import Nursery
from bot.playground.emulator import Fault
from bot.settings import Settings
from tests.support.emulator import RunningEmulator, running_emulator
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Hang, Text
from tests.support.product import product_settings
from tests.support.waiting import until

SECRET = "correct-horse"


@dataclass
class House:
    """The two outer worlds, and the bot of `mnema run` to be started between them."""

    telegram: RunningEmulator
    llm: ScriptedLLM
    settings: Settings
    url: str
    path: Path

    @asynccontextmanager
    async def running(self, *, webhook: bool) -> AsyncIterator[asyncio.Event]:
        """The bot until its end; set the event to stop it before."""
        changes: dict[str, Any] = {}
        if webhook:
            changes = {"webhook_url": self.url, "webhook_secret": SecretStr(SECRET)}
        stop, nursery = asyncio.Event(), Nursery()
        task = nursery.start(run_bot(self.settings.model_copy(update=changes), stop), "bot")
        emu = self.telegram.emu
        try:
            if webhook:
                await until(lambda: bool(emu.main_bot.webhook) or task.done())
            else:
                await until(lambda: emu.queue(emu.main_bot.id).waiting or task.done())
            yield stop
        finally:
            stop.set()
            await asyncio.wait({task}, timeout=15)
            await nursery.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with AsyncExitStack() as stack:
        llm = await stack.enter_async_context(scripted_llm())
        telegram = await stack.enter_async_context(running_emulator())
        settings = product_settings(
            sqlite_database_url,
            tmp_path,
            llm,
            bot_token=SecretStr(telegram.token),
            telegram_api_url=telegram.telegram_url,
            http_port=port,
        )
        url = f"http://127.0.0.1:{port}/telegram/hook"
        yield House(telegram, llm, settings, url, tmp_path / "mnema.db")


async def test_changing_between_the_two_ways_loses_nothing_and_doubles_nothing(house: House) -> None:
    ann = await house.telegram.person("Ann")
    chat = await house.telegram.private(ann)
    house.llm.default(lambda body: Text(f"Answer to {body['messages'][-1]['content'][-8:]}"))
    number = 0
    for webhook in (False, True, False, True):
        waiting = await ann.say(chat, f"asked {number:02d}")  # while nobody runs
        async with house.running(webhook=webhook):
            present = await ann.say(chat, f"asked {number + 1:02d}")
            for message in (waiting, present):
                await house.telegram.wait_message(chat, contains=message.text, timeout=8)
            assert bool(house.telegram.emu.main_bot.webhook) is webhook
        number += 2
    texts = [message.text for message in house.telegram.bot_messages(chat)]
    assert sorted(texts) == [f"Answer to asked {n:02d}" for n in range(number)]
    call = house.telegram.calls("setWebhook")[0]
    assert call.params["secret_token"] == SECRET
    assert call.params["drop_pending_updates"] == "false"
    assert "business_message" in call.params["allowed_updates"]


async def test_a_failing_database_is_no_200_and_telegram_tries_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await house.telegram.person("Ann")
    chat = await house.telegram.private(ann)
    store, failures = App.enqueue, [0, 0]

    async def enqueue(app: App, new: Sequence[NewJob]) -> None:
        # Twice before the commit, and once behind it: then the update is posted again although it is stored.
        failures[0] += 1
        if failures[0] <= 2:
            raise OSError("disk full")
        await store(app, new)
        if failures[0] == 3:
            failures[1] += 1
            raise OSError("the answer got lost")

    monkeypatch.setattr(App, "enqueue", enqueue)
    house.llm.default(lambda _: Text("Here I am."))
    async with house.running(webhook=True):
        asked = await ann.say(chat, "are you there?")
        await house.telegram.wait_reply(asked, contains="Here I am.", timeout=8)
        await until(lambda: failures[0] >= 4)
        assert "500" in house.telegram.emu.main_bot.webhook["last_error_message"]  # type: ignore[index]
    assert failures[1] == 1
    assert len(house.telegram.bot_messages(chat)) == 1
    assert house.llm.paid == 1
    assert house.rows("SELECT count(*) FROM messages WHERE direction = 'incoming'") == [(1,)]


async def test_only_telegram_may_post(house: House) -> None:
    async with house.running(webhook=True), aiohttp.ClientSession() as session:
        header = "X-Telegram-Bot-Api-Secret-Token"
        for secret, body, status in (
            ("wrong", b"{}", 401),
            (SECRET, b"nonsense", 400),
            (SECRET, b" " * (2 << 20), 413),
        ):
            async with session.post(house.url, data=io.BytesIO(body), headers={header: secret}) as answer:
                assert answer.status == status
    assert house.rows("SELECT count(*) FROM jobs WHERE kind = 'telegram.update'") == [(0,)]


async def test_a_bot_behind_a_webhook_drains_at_sigterm(house: House) -> None:
    people = [await house.telegram.person(f"Person{n}") for n in range(3)]
    chats = [await house.telegram.private(person) for person in people]
    house.llm.default(lambda _: Text("A calm answer that takes a while.", delay=0.15))
    async with house.running(webhook=True) as stop:
        for person, chat in zip(people, chats, strict=True):
            await person.say(chat, "hello")
        await until(lambda: len(house.llm.requests) == 3)
        signal.raise_signal(signal.SIGTERM)
        await until(stop.is_set)
        late = await people[0].say(chats[0], "are you still there?")
    texts = [[m.text for m in house.telegram.bot_messages(chat)] for chat in chats]
    assert texts == [["A calm answer that takes a while."]] * 3
    assert house.llm.paid == 3
    async with house.running(webhook=True):
        await house.telegram.wait_message(chats[0], contains="takes a while", after=late.id, timeout=8)
    assert house.rows("SELECT count(*) FROM jobs WHERE status IN ('dead', 'running')") == [(0,)]


async def test_it_waits_for_telegram_to_take_the_webhook(house: House) -> None:
    house.telegram.emu.faults.add("setWebhook", Fault.page(502))
    async with house.running(webhook=True):
        assert house.telegram.emu.main_bot.webhook is not None
    assert len(house.telegram.calls("setWebhook")) == 2


async def test_a_long_answer_does_not_hold_up_what_is_posted(house: House) -> None:
    ann = await house.telegram.person("Ann")
    chat = await house.telegram.private(ann)
    house.llm.script(Hang(30))
    async with house.running(webhook=True):
        await ann.say(chat, "a hard one")
        await until(lambda: len(house.llm.requests) == 1)
        await house.telegram.wait_reply(await ann.say(chat, "/help"), settled=0, timeout=2)
        await ann.say(chat, "/stop")
        await house.llm.until_abandoned(1)
