"""Polling commits before it acknowledges, and never ends by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiogram import Bot

from bot.core.errors import ConfigError
from bot.core.nursery import Nursery
from bot.playground.emulator import Fault
from bot.telegram import poller as polling
from bot.telegram.intake import job_of
from bot.telegram.poller import Poller
from bot.telegram.session import BotSession
from tests.support.emulator import RunningEmulator


@dataclass
class Store:
    """Where updates are committed; it can be told to fail."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0

    async def accept(self, updates: Sequence[dict[str, Any]]) -> None:
        if updates and self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.updates.extend(updates)

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates if "message" in update]


@pytest.fixture
async def bot(telegram: RunningEmulator) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, session=BotSession(telegram.telegram_url))
    yield bot
    await bot.session.close()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def stop() -> AsyncIterator[asyncio.Event]:
    event = asyncio.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(polling, "_CONFLICT_PAUSE", 0.05)


async def until(store: Store, count: int) -> None:
    async with asyncio.timeout(3):
        while len(store.texts()) < count:  # noqa: ASYNC110 - the store under test has no event
            await asyncio.sleep(0.01)


async def test_nothing_is_acknowledged_before_it_is_stored(
    telegram: RunningEmulator, bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery
) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    store.failures = 2
    nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
    for n in range(3):
        await ann.say(chat, f"message {n}")
    await until(store, 3)
    assert store.texts() == ["message 0", "message 1", "message 2"]
    assert store.failures == 0


async def test_a_poller_that_dies_after_storing_leaves_updates_for_the_next(
    telegram: RunningEmulator, bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery
) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    await ann.say(chat, "once")
    first = Store()
    poller = Poller(bot, first.accept, 1)
    await first.accept(await poller._fetch())  # committed, and killed before the next getUpdates
    nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
    await until(store, 1)
    keys = [job_of(bot.id, update).dedup_key for update in (*first.updates, *store.updates)]
    assert len(keys) == 2
    assert keys[0] == keys[1]


@pytest.mark.parametrize("fault", [Fault.page(502), Fault.reset(), Fault.garbage(), Fault.too_many(1)])
async def test_failures_pass(
    telegram: RunningEmulator, bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery, fault: Fault
) -> None:
    telegram.emu.faults.add("getUpdates", fault)
    nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
    ann = await telegram.person("Ann")
    await ann.say(await telegram.private(ann), "hello")
    await until(store, 1)


async def test_an_update_of_the_future_stops_nobody(
    telegram: RunningEmulator, bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery
) -> None:
    ann = await telegram.person("Ann")
    chat = await telegram.private(ann)
    nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
    await ann.say(chat, "before")
    await telegram.emu.inject(
        telegram.emu.main_bot.id, {"message": {"message_id": "not a number", "text": "x"}}
    )
    await ann.say(chat, "after")
    await until(store, 3)
    assert store.texts() == ["before", "x", "after"]


async def test_a_second_poller_is_told_once_and_recovers(
    telegram: RunningEmulator,
    bot: Bot,
    store: Store,
    stop: asyncio.Event,
    nursery: Nursery,
    caplog: pytest.LogCaptureFixture,
) -> None:
    conflict = Fault.refusal(409, "Conflict: terminated by other getUpdates request")
    telegram.emu.faults.add("getUpdates", conflict, times=3)
    with caplog.at_level(logging.INFO):
        nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
        ann = await telegram.person("Ann")
        await ann.say(await telegram.private(ann), "hello")
        await until(store, 1)
    told = [record for record in caplog.records if "another program" in record.message]
    assert len(told) == 1


async def test_a_webhook_that_stands_in_the_way_is_removed(
    telegram: RunningEmulator, bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery
) -> None:
    ann = await telegram.person("Ann")
    await bot.set_webhook("https://old.example/hook")
    await ann.say(await telegram.private(ann), "waiting")
    nursery.start(Poller(bot, store.accept, 1).run(stop), "poll")
    await until(store, 1)


async def test_a_refused_token_ends_it_with_one_sentence(telegram: RunningEmulator, store: Store) -> None:
    bot = Bot("123:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", session=BotSession(telegram.telegram_url))
    with pytest.raises(ConfigError, match="BOT_TOKEN"):
        await Poller(bot, store.accept, 1).run(asyncio.Event())
    await bot.session.close()


async def test_it_stops_in_the_middle_of_a_long_poll(
    bot: Bot, store: Store, stop: asyncio.Event, nursery: Nursery
) -> None:
    task = nursery.start(Poller(bot, store.accept, 30).run(stop), "poll")
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(task, 1.0)


def test_jobs_stand_in_their_chats_lane() -> None:
    person, chat = {"id": 5, "is_bot": False}, {"id": -7, "type": "group"}
    updates = [
        {"update_id": 1, "message": {"chat": chat, "from": person}},
        {"update_id": 2, "callback_query": {"from": person, "message": {"chat": chat}}},
        {"update_id": 3, "callback_query": {"from": person, "inline_message_id": "x"}},
        {"update_id": 4, "poll_answer": {"user": person}},
        {"update_id": 5, "something_new": {"of": "the future"}},
    ]
    jobs = [job_of(9, update) for update in updates]
    assert [job.lane for job in jobs] == ["in:9:-7", "in:9:-7", "in:9:5", "in:9:5", "in:9:none"]
    assert [job.dedup_key for job in jobs] == [f"tg:9:{n}" for n in range(1, 6)]
    assert {(job.kind, job.pool) for job in jobs} == {("telegram.update", "receive")}
