"""Faults around the answers: buttons, commands, pictures, polling, and a question that has to wait."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from bot.db.models import Message
from bot.playground.emulator import Fault
from bot.playground.people.messages import MessageHandle
from tests.faults.street import (
    House,
    Model,
    assert_discreet,
    dead_letters,
    everybody,
    move_in,
    open_jobs,
    standing,
)
from tests.support.llm_steps import Text
from tests.support.product import Product, running_product
from tests.support.waiting import until

SLOW = Text("one two three four five six seven eight", delay=0.15)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
QUIET = "Bad Request: REACTION_INVALID"


@pytest.fixture
async def product(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    async with running_product(sqlite_database_url, tmp_path) as running:
        running.llm.default(Model({"slow": (SLOW,), "shy": (SLOW,)}))
        yield running
        assert_discreet(running)
        assert await dead_letters(running) == []
        await until(lambda: _idle(running), 5)


async def _idle(product: Product) -> bool:
    return not await open_jobs(product)


async def test_presses_are_answered_or_expire_and_the_next_works(product: Product) -> None:
    faults = product.telegram.emu.faults
    house = await move_in(product, "presser", 1)
    shown = await product.telegram.wait_reply(await house.person.say(house.chat, "/memories"))
    data = f"page:{house.person.id}:0"
    for fault in (
        Fault.refusal(400, TOO_OLD), Fault.too_many(1), Fault.page(502), Fault.reset(), Fault.garbage(),
    ):  # fmt: skip
        rule = faults.add("answerCallbackQuery", fault)
        await house.person.press(shown, data, stale=True)
        await until(lambda rule=rule: rule.used == 1, 5)  # type: ignore[misc]
    faults.add("editMessageText", Fault.page(502), chat_id=house.chat.id)
    pressed = await house.person.press(shown, data, stale=True)
    assert (await pressed.answer())["text"] == house.t("error.delivery")
    assert (await (await house.person.press(shown, data, stale=True)).answer())["text"] == ""
    await house.next_is_answered()


COMMAND_FAULTS = [
    Fault.too_many(1),
    Fault.page(502),
    Fault.reset(),
    Fault.garbage(),
    Fault.refusal(400, "Bad Request: message to be replied not found"),
    Fault.hang(0.5),
]


REACTION_FAULTS = [Fault.refusal(400, QUIET), Fault.too_many(1), Fault.reset(), Fault.garbage()]


async def test_commands_are_answered_once_and_refused_reactions_disturb_nothing(product: Product) -> None:
    helped = [await move_in(product, f"help{n}", n, kind="group") for n in range(len(COMMAND_FAULTS))]
    shy = [await move_in(product, "shy", 10 + n) for n in range(len(REACTION_FAULTS))]
    await everybody(*map(asks_for_help, helped, COMMAND_FAULTS), *map(must_wait, shy, REACTION_FAULTS))


async def asks_for_help(house: House, fault: Fault) -> None:
    house.product.telegram.emu.faults.add("sendMessage", fault, chat_id=house.chat.id)
    question = await house.person.say(house.chat, "/help")
    await house.product.telegram.wait_reply(question, contains="/memories", settled=0.5, timeout=10)
    assert len([message for message in standing(question) if "/memories" in message.text]) == 1
    await house.next_is_answered()


async def must_wait(house: House, fault: Fault) -> None:
    rule = house.product.telegram.emu.faults.add("setMessageReaction", fault, chat_id=house.chat.id)
    first = await house.ask()
    await until(lambda: any("one" in message.text for message in house.shown), 5)
    await house.next_is_answered()
    assert rule.used == 1
    assert (await house.product.telegram.wait_reply(first)).text == SLOW.text


async def test_an_admin_question_to_telegram_that_fails_is_put_again(product: Product) -> None:
    house = await move_in(product, "admin", 2, kind="group")
    product.telegram.emu.faults.add("getChatMember", Fault.too_many(1))
    asked = await house.person.say(house.chat, "/clear@mnema_bot")
    await product.telegram.wait_reply(asked, contains="очищать", timeout=8)
    first, second = [request.at for request in product.telegram.calls("getChatMember")]
    assert (second - first).total_seconds() >= 1


FILE_FAULTS = [
    Fault.refusal(400, "Bad Request: file is too big"),
    Fault.refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
    Fault.page(502),
    Fault.reset(),
    Fault.garbage(),
]


async def test_a_picture_that_cannot_be_fetched_is_still_answered(product: Product) -> None:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(out, "JPEG")
    house = await move_in(product, "picture", 0)
    for fault in FILE_FAULTS:
        product.telegram.emu.faults.add("getFile", fault)
        question = await house.person.send(house.chat, "photo", out.getvalue(), caption="next:picture")
        reply = await product.telegram.wait_reply(question, contains="Fine, next:picture.")
        assert len(standing(question)) == 1
        assert reply.text == "Fine, next:picture."
        assert "image_url" not in str(product.llm.requests[-1].body)
        assert "photo" in product.prompt_text().casefold()


def seen(message: MessageHandle) -> bool:
    return any(emojis == ["👀"] for emojis in message.record.reactions.values())


async def test_a_question_that_must_wait_is_marked_as_seen(product: Product) -> None:
    house = await move_in(product, "slow", 1, kind="group")
    first = await house.ask()
    await until(lambda: any("one" in message.text for message in house.shown), 5)
    second = await house.ask("next")
    await until(lambda: seen(second), 1)
    assert not second.entry.sent
    await product.telegram.wait_reply(second, contains="Fine, next:slow.", timeout=10)
    assert not seen(first)
    third = await house.ask("next")
    await product.telegram.wait_reply(third, contains="Fine")
    assert not seen(third)
    assert len(product.telegram.calls("setMessageReaction")) == 1


async def test_the_parts_of_an_album_are_no_waiting_questions(product: Product) -> None:
    house = await move_in(product, "album", 0)
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(out, "JPEG")
    album = await house.person.album(house.chat, [out.getvalue()] * 3, caption="next:album")
    await product.telegram.wait_message(house.chat, contains="Fine, next:album.")
    assert len(house.shown) == 1
    assert not any(seen(message) for message in album)


POLL_FAULTS = {
    "conflict": Fault.refusal(409, "Conflict: terminated by other getUpdates request"),
    "page": Fault.page(502),
    "reset": Fault.reset(),
    "garbage": Fault.garbage(),
    "limited": Fault.too_many(1),
}


async def test_polling_goes_on_after_every_fault(tmp_path: Path, sqlite_template: Path) -> None:
    async with AsyncExitStack() as stack:
        products = {}
        for name in POLL_FAULTS:
            (tmp_path / name).mkdir()
            shutil.copyfile(sqlite_template, tmp_path / name / "mnema.db")
            url = f"sqlite:///{tmp_path / name / 'mnema.db'}"
            products[name] = await stack.enter_async_context(running_product(url, tmp_path / name))
        await everybody(*(poll_through(products[name], name, fault) for name, fault in POLL_FAULTS.items()))


async def poll_through(product: Product, name: str, fault: Fault) -> None:
    product.llm.default(Model({}))
    house = await move_in(product, name, 0)
    await house.next_is_answered()
    rule = product.telegram.emu.faults.add("getUpdates", fault)
    question = await house.ask()  # ends the poll under way; the next one meets the fault
    await until(lambda: rule.used == 1, 5)
    await product.telegram.wait_reply(question, contains=f"Fine, row:{name}.", timeout=10)
    await house.next_is_answered()
    assert len(standing(question)) == 1
    stored = await product.look(lambda s: list(s.scalars(select(Message.content))))
    assert stored.count(f"row:{name}") == stored.count(f"Fine, row:{name}.") == 1
    assert await dead_letters(product) == []
