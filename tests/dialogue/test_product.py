"""The booking dialogue through the whole product: words, buttons, a pause and a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app.rehearsing import rehearsed
from bot.core.clock import SystemClock
from bot.db.models import Booking, DialogueState
from bot.playground.people import MessageHandle
from bot.playground.rehearsal import rehearsal_router
from bot.settings import Settings
from tests.support.emulator import RunningEmulator, running_emulator
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Scripted, Text, ToolCalls
from tests.support.product import Product, product_settings, running_bot
from tests.support.serving import serving

BOOKING = "booking_in_progress"
Row = tuple[str, str, str, str, str]


class LaterClock(SystemClock):
    """Real time that can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def bookings(session: Session) -> list[Row]:
    rows = session.scalars(select(Booking).order_by(Booking.id))
    return [(row.service, row.master, row.date, row.time, row.phone) for row in rows]


def types(session: Session) -> list[str]:
    return sorted(session.scalars(select(DialogueState.type)))


def texts(message: MessageHandle) -> list[str]:
    return [button["text"] for button in message.buttons]


def tomorrow(clock: LaterClock) -> str:
    return (clock.now().astimezone(UTC) + timedelta(days=1)).date().isoformat()


class Salon:
    """One bot that can be started again, with one emulator and one clock."""

    def __init__(self, settings: Settings, telegram: RunningEmulator, llm: ScriptedLLM) -> None:
        self.settings, self.telegram, self.llm, self.clock = settings, telegram, llm, LaterClock()
        self._running = AsyncExitStack()
        self.bot: Product

    async def start(self) -> None:
        bot = running_bot(self.settings, self.telegram, self.llm, clock=self.clock)
        self.bot = await self._running.enter_async_context(bot)

    async def stop(self) -> None:
        await self._running.aclose()

    async def look(self, unit: Callable[[Session], Any]) -> Any:
        return await self.bot.look(unit)


@pytest.fixture
async def salon(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Salon]:
    """The product with a scripted model."""
    async with scripted_llm() as llm, running_emulator() as telegram:
        made = Salon(product_settings(sqlite_database_url, tmp_path, llm, stream_mode="off"), telegram, llm)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


@pytest.fixture
async def rehearsal(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Salon]:
    """The product as the playground joins it, with the rehearsal model."""
    web = FastAPI(openapi_url=None)
    web.include_router(rehearsal_router(delay=0.001), prefix="/rehearsal/v1")
    settings = Settings(database_url=sqlite_database_url, data_dir=tmp_path, stream_mode="off")
    async with serving(web) as origin, running_emulator() as telegram, scripted_llm() as unasked:
        made = Salon(rehearsed(settings, origin), telegram, unasked)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


async def reply(world: RunningEmulator, to: MessageHandle, contains: str) -> MessageHandle:
    """The answer to a message; nothing is streamed here, so that it stands at once."""
    return await world.wait_reply(to, contains=contains, settled=0.02)


def saves(text: str, **data: str) -> Scripted:
    return ToolCalls([("save_state", {"type": BOOKING, "data": data})], text=text)


async def test_a_booking_by_words_buttons_and_a_pause(salon: Salon) -> None:
    world, llm = salon.telegram, salon.llm
    ann = await world.person("Анна", language="ru")
    chat = await world.private(ann)

    llm.script(saves("К какому мастеру?", service="Маникюр"))
    await reply(world, await ann.say(chat, "Хочу записаться на маникюр"), contains="мастеру?")
    await salon.stop()
    salon.clock.ahead += timedelta(minutes=10)
    await salon.start()

    llm.script(
        ToolCalls([("ask_person", {"question": "К кому?", "options": ["Jennifer", "Мария"], "context": "m"})],
                  text="Продолжим запись? К кому?")
    )  # fmt: skip
    asked = await reply(world, await ann.say(chat, "Привет!"), contains="Продолжим")
    assert "step select_master" in salon.bot.prompt_text()
    assert texts(asked) == ["Jennifer", "Мария"]
    press = asked.buttons[0]["callback_data"]

    llm.script(saves("Супер! На какую дату?", master="Jennifer"))
    assert (await (await ann.press(asked, "Jennifer")).answer())["text"] == "Jennifer"
    await world.wait_message(chat, contains="На какую дату?")
    assert 'chosen: "Jennifer"' in salon.bot.prompt_text()
    again = await (await ann.press(asked, press, stale=True)).answer()
    assert again["text"] == "Этот вопрос уже не открыт."

    llm.script(saves("Во сколько?", date="на завтра"))
    await reply(world, await ann.say(chat, "На завтра"), contains="Во сколько?")
    llm.script(
        ToolCalls([("save_state", {"type": BOOKING, "data": {"time": "в 15:00"}})]),
        ToolCalls([("ask_person", {"question": "Ваш телефон?", "info": "phone",
                                   "validation": "^\\+?[0-9]{10,15}$"})], text="Ваш телефон?"),
    )  # fmt: skip
    await reply(world, await ann.say(chat, "В 15:00"), contains="Ваш телефон?")
    before = len(llm.requests)
    await reply(world, await ann.say(chat, "12345"), contains="Ваш телефон?")
    assert len(llm.requests) == before  # code asked again

    llm.script(ToolCalls([("ask_person", {"question": "Подтверждаете?"})], text="Подтверждаете?"))
    confirm = await reply(world, await ann.say(chat, "+38 (050) 123-45-67"), contains="Подтверждаете?")
    assert "phone" in salon.bot.prompt_text()
    assert texts(confirm) == ["✅ Да", "✖️ Нет"]
    llm.script(Text("Отлично! Запись создана!"))
    done = await reply(world, await ann.say(chat, "Да"), contains="Запись создана!")
    assert "📅 Записано: Маникюр, Jennifer" in done.text
    assert "the booking is stored now" in salon.bot.prompt_text()
    kept = [("Маникюр", "Jennifer", tomorrow(salon.clock), "15:00", "+380501234567")]
    assert await salon.look(bookings) == kept
    assert await salon.look(types) == []

    llm.script(Text("Вы уже записаны."))
    await reply(world, await ann.say(chat, "Да"), contains="уже записаны")
    late = await (await ann.press(confirm, confirm.buttons[0]["callback_data"], stale=True)).answer()
    assert late["text"] == "Этот вопрос уже не открыт."
    assert await salon.look(bookings) == kept


async def test_the_rehearsal_model_takes_the_booking(rehearsal: Salon) -> None:
    world = rehearsal.telegram
    ann = await world.person("Анна", language="ru")
    chat = await world.private(ann)

    async def say(text: str, answer: str) -> MessageHandle:
        return await reply(world, await ann.say(chat, text), contains=answer)

    await say("Хочу записаться на маникюр", "К какому мастеру хотите записаться?")
    await rehearsal.stop()
    rehearsal.clock.ahead += timedelta(minutes=10)
    await rehearsal.start()
    await say("Привет!", "Привет! Продолжим запись?")
    await say("К Jennifer", "На какую дату?")
    await say("На вчера", "Это не подходит")
    times = await say("На завтра", "В какое время удобно?")
    assert texts(times) == ["10:00", "12:00", "15:00", "17:00"]
    await (await ann.press(times, "15:00")).answer()
    phone = await world.wait_message(chat, contains="номер телефона")
    assert phone.buttons == []
    await say("12345", "номер телефона")
    confirm = await say("+380 50 123-45-67", "Подтверждаете?")
    assert texts(confirm) == ["✅ Да", "✖️ Нет"]
    await say("Да", "Запись создана!")
    day = tomorrow(rehearsal.clock)
    assert await rehearsal.look(bookings) == [("Маникюр", "Jennifer", day, "15:00", "+380501234567")]
    assert await rehearsal.look(types) == []


async def test_an_expired_booking_is_not_continued_and_a_button_confirms(salon: Salon) -> None:
    world, llm = salon.telegram, salon.llm
    ann = await world.person("Анна", language="uk")
    chat = await world.private(ann)
    llm.script(saves("До якого майстра?", service="Манікюр"))
    await reply(world, await ann.say(chat, "Хочу записатися на манікюр"), contains="майстра?")
    salon.clock.ahead += timedelta(minutes=31)
    llm.script(Text("Вітаю! Чим допомогти?"))
    await reply(world, await ann.say(chat, "Привіт"), contains="Чим допомогти")
    assert "unfinished booking" not in salon.bot.prompt_text()

    eve = await world.person("Eve")
    group = await world.group("Salon", [ann, eve])
    llm.script(saves("Записати вас?", service="Манікюр", master="Jennifer", date="завтра", time="о 9"))
    question = await ann.say(group, "Mnema, манікюр у Jennifer завтра о 9")
    asked = await reply(world, question, contains="Записати")
    assert texts(asked) == ["✅ Так", "✖️ Ні"]
    refused = await (await eve.press(asked, "✅ Так")).answer()
    assert refused["text"] == "This button is for somebody else."
    llm.script(Text("Що саме?"))
    await reply(world, await eve.say(group, "Mnema, да"), contains="Що саме?")
    assert "unfinished booking" not in salon.bot.prompt_text()
    assert await salon.look(bookings) == []
    llm.script(Text("Готово!"))
    assert (await (await ann.press(asked, "✅ Так")).answer())["text"] == "так"
    await world.wait_message(group, contains="📅 Записано: Манікюр, Jennifer")
    assert asked.buttons == []
    assert [row[0] for row in await salon.look(bookings)] == ["Манікюр"]
