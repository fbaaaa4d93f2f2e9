"""Starting, the menu, odd updates, files: the face as a whole."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiogram.methods import SendMessage
from aiogram.types import BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats, Message
from pydantic import ValidationError

from bot.core.clock import SystemClock
from bot.core.errors import ConfigError, FileUnavailable, RetryLater
from bot.core.nursery import Nursery
from bot.core.views import BotIdentity
from bot.playground.emulator import Fault
from bot.telegram.dispatcher import HandlerReturnedMethod
from bot.telegram.face import FaceSettings, Rooms, TelegramFace
from tests.support.emulator import RunningEmulator
from tests.telegram.conftest import Stage, make_face
from tests.telegram.rooms import Below


def rooms(below: Below) -> Rooms:
    return Rooms(
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


async def test_it_learns_who_it_is_and_publishes_its_menu(stage: Stage) -> None:
    assert stage.below.identity == BotIdentity("Mnema", "mnema_bot", str(stage.telegram.emu.main_bot.id))
    async with asyncio.timeout(3):
        while len(stage.telegram.calls("setMyCommands")) < 8:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    bot = stage.face.bot
    private = await bot.get_my_commands(scope=BotCommandScopeAllPrivateChats(), language_code="uk")
    group = await bot.get_my_commands(scope=BotCommandScopeAllGroupChats())
    assert ("memories", "Що я про вас пам’ятаю") in [(c.command, c.description) for c in private]
    assert "start" not in [c.command for c in group]


async def test_a_malformed_token_is_one_sentence(below: Below, nursery: Nursery) -> None:
    with pytest.raises(ConfigError, match="BOT_TOKEN is malformed"):
        TelegramFace(FaceSettings(token="not a token"), rooms(below), SystemClock(), nursery)


async def test_an_unknown_token_is_one_sentence(
    telegram: RunningEmulator, below: Below, nursery: Nursery
) -> None:
    settings = FaceSettings(token="12345:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", api_url=telegram.telegram_url)
    face = TelegramFace(settings, rooms(below), SystemClock(), nursery)
    with pytest.raises(ConfigError, match="does not know BOT_TOKEN"):
        await face.start()
    await face.close()


async def test_it_waits_for_telegram_and_never_logs_the_token(
    telegram: RunningEmulator,
    below: Below,
    nursery: Nursery,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    telegram.emu.faults.add("getMe", Fault.page(502))
    with caplog.at_level(logging.DEBUG):
        face = make_face(telegram, below, nursery)
        await face.start()
    assert below.identity is not None
    out = "".join(capfd.readouterr()) + caplog.text
    assert "Telegram is out of reach" in out
    assert telegram.token not in out
    await nursery.close()
    await face.close()


async def test_messages_go_to_the_flow_and_edits_too(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    message = await ann.say(chat, "helo")
    await ann.edit(message, "hello")
    await stage.settle()
    assert [i.text for i in stage.below.turns.received] == ["helo"]
    assert [(i.text, i.external_id) for i in stage.below.turns.edits] == [("hello", str(message.id))]


async def test_an_unknown_kind_of_update_passes_quietly(stage: Stage) -> None:
    await stage.face.handle_update({"update_id": 1, "brand_new_thing": {"id": 1}}, 1)


async def test_an_unparseable_update_is_the_workers_business(stage: Stage) -> None:
    with pytest.raises(ValidationError):
        await stage.face.handle_update({"update_id": 1, "message": {"message_id": "x"}}, 1)


async def test_errors_of_the_flow_are_not_swallowed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(stage.below.turns, "receive", broken)
    chat = {"id": 5, "type": "private", "first_name": "Ann"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": chat | {"is_bot": False}, "text": "hi"}
    with pytest.raises(OSError, match="disk full"):
        await stage.face.handle_update({"update_id": 1, "message": message}, 1)


async def test_a_returned_request_is_a_bug(stage: Stage) -> None:
    async def careless(message: Message) -> SendMessage:
        return message.answer("never sent")

    dispatcher = stage.face._dispatcher
    assert dispatcher is not None
    dispatcher.message.handlers.clear()
    dispatcher.message.register(careless)
    chat = {"id": 5, "type": "private", "first_name": "Ann"}
    message = {"message_id": 1, "date": 1, "chat": chat, "text": "hi"}
    with pytest.raises(HandlerReturnedMethod):
        await stage.face.handle_update({"update_id": 1, "message": message}, 1)


async def test_a_command_waits_when_telegram_asks_for_it(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.say(chat, "hi")
    await stage.settle()
    update = stage.below.jobs[0].payload
    update["message"]["text"] = "/help"
    stage.telegram.emu.faults.add("sendMessage", Fault.too_many(1))
    with pytest.raises(RetryLater) as caught:
        await stage.face.handle_update(update, 77)
    assert caught.value.seconds == 1.0
    await asyncio.sleep(1.0)
    await stage.face.handle_update(update, 77)
    assert len(stage.telegram.bot_messages(chat)) == 1


async def test_stopping_a_draft_halts_its_reader(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = {"id": ann.id, "type": "private", "first_name": "Ann"}
    await stage.face.handle_update(
        {"update_id": 1, "stopped_message_generation": {"chat": chat, "draft_id": 8}}, 1
    )
    ((place, person),) = stage.below.turns.stops
    assert (place.external_id, person.external_id) == (str(ann.id), str(ann.id))


async def test_files(stage: Stage) -> None:
    ann = await stage.telegram.person("Ann")
    chat = await stage.telegram.private(ann)
    await ann.send(chat, "document", b"x" * 2000, name="notes.txt", mime="text/plain")
    await stage.settle()
    file_id = stage.below.turns.received[0].attachments[0].file_id
    assert await stage.face.files.fetch(file_id, 5000) == b"x" * 2000
    with pytest.raises(FileUnavailable):
        await stage.face.files.fetch(file_id, 1999)
    with pytest.raises(FileUnavailable):
        await stage.face.files.fetch("no such file", 5000)


async def test_webhooks_carry_the_secret(stage: Stage) -> None:
    await stage.face.use_webhook("https://bot.example/telegram", "s3cret")
    assert stage.telegram.calls("setWebhook")[-1].params["secret_token"] == "s3cret"
    stage.telegram.emu.faults.add(
        "setWebhook", Fault.refusal(400, "Bad Request: bad webhook: HTTPS url must be provided")
    )
    with pytest.raises(ConfigError, match="WEBHOOK_URL"):
        await stage.face.use_webhook("http://x", "s3cret")
