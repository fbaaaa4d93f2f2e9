"""Every fault of Telegram, one visible outcome: one answer, or none where the chat is gone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.db.models import Chat, Turn
from bot.playground.emulator import Fault
from bot.playground.people.handles import ChatHandle
from bot.playground.people.messages import MessageHandle
from tests.faults.street import (
    House,
    Model,
    assert_discreet,
    calls_to,
    dead_letters,
    everybody,
    move_in,
    open_jobs,
    standing,
)
from tests.support.llm_steps import Text
from tests.support.product import Product, running_product
from tests.support.waiting import until

SHORT = Text("A **short** answer.")
LONG = Text(" ".join(f"word{n}" for n in range(60)))
FLOWING = Text(" ".join(f"flow{n}" for n in range(25)), delay=0.12)
ORPHAN = 80
"""Characters of the first words that may stand alone when Telegram took a message and said nothing."""

Act = Callable[[House], Awaitable[None]]


def refused(code: int, description: str) -> Fault:
    return Fault.refusal(code, description)


@dataclass(frozen=True)
class Row:
    """Faults for one chat, and what happens in it once the first words stand (`amid`) or are asked (`then`).

    `gone` ends without an answer, and `back` brings the chat back; `orphan` allows first words beside the
    answer.
    """

    name: str
    faults: tuple[tuple[str, Fault, int | None, int], ...] = ()
    answer: Text = SHORT
    kind: str = "private"
    amid: Act | None = None
    gone: bool = False
    back: Act | None = None
    orphan: bool = False


def on(method: str, fault: Fault, times: int | None = 1, after: int = 0) -> Any:
    return ((method, fault, times, after),)


async def deletes_it(house: House) -> None:
    await house.person.delete(house.shown[-1])


async def blocks(house: House) -> None:
    await house.person.block()


async def unblocks(house: House) -> None:
    await house.person.unblock()


async def goes(house: House) -> None:
    await house.person.deactivate()


async def kicks(house: House) -> None:
    await house.chat.remove(house.product.telegram.emu.main_bot.id)


async def lets_in(house: House) -> None:
    await house.chat.add(house.product.telegram.emu.main_bot.id)


async def restricts(house: House) -> None:
    await house.chat.add(house.product.telegram.emu.main_bot.id, "restricted")


async def question_goes(house: House) -> None:
    await house.person.delete(next(m for m in house.chat.messages if "row:" in m.text))


async def closes_topics(house: House) -> None:
    for thread in house.chat.record.topics:
        await house.chat.close_topic(thread)


async def upgrades(house: House) -> None:
    await house.chat.upgrade()


BLOCKED = "Forbidden: bot was blocked by the user"
NO_RIGHTS = "Bad Request: not enough rights to send text messages to the chat"
NOT_EDITABLE = "Bad Request: message can't be edited"
NO_QUESTION = "Bad Request: message to be replied not found"
NO_THREAD = "Bad Request: message thread not found"
NOT_MODIFIED = "Bad Request: message is not modified: specified new message content and reply markup are"
CANNOT_PARSE = "Bad Request: can't parse entities: unexpected end of the entity"
ROWS = [
    Row("429-send", on("sendMessage", Fault.too_many(1))),
    Row("429-send-5s", on("sendMessage", Fault.too_many(5))),
    Row("429-send-twice", on("sendMessage", Fault.too_many(1), 2), LONG),
    Row("429-edits", on("editMessageText", Fault.too_many(2), 2), FLOWING),
    Row("429-last-edit", on("editMessageText", Fault.too_many(1)), LONG),
    Row("429-typing", on("sendChatAction", Fault.too_many(1), 1)),
    Row("403-blocked", on("sendMessage", refused(403, BLOCKED), None), gone=True),
    Row("blocks-amid", answer=FLOWING, amid=blocks, gone=True, back=unblocks),
    Row("kicked-amid", answer=FLOWING, kind="group", amid=kicks, gone=True, back=lets_in),
    Row("deactivated-amid", answer=FLOWING, amid=goes, gone=True),
    Row("restricted-amid", answer=FLOWING, kind="group", amid=restricts, gone=True, back=lets_in),
    Row("no-chat", on("sendMessage", refused(400, "Bad Request: chat not found"), None), gone=True),
    Row(
        "no-rights",
        on("sendMessage", refused(400, NO_RIGHTS), None),
        kind="group",
        gone=True,
    ),
    Row("entities", on("sendMessage", refused(400, CANNOT_PARSE))),
    Row("entities-of-edit", on("editMessageText", refused(400, CANNOT_PARSE)), LONG),
    Row("not-modified", on("editMessageText", refused(400, NOT_MODIFIED)), FLOWING),
    Row("deleted-amid", answer=FLOWING, amid=deletes_it),
    Row("not-editable", on("editMessageText", refused(400, NOT_EDITABLE)), FLOWING, orphan=True),
    Row("question-deleted", answer=FLOWING, kind="group", amid=question_goes),
    Row("question-lost", on("sendMessage", refused(400, NO_QUESTION)), kind="group"),
    Row("thread-gone", on("sendMessage", refused(400, NO_THREAD)), kind="forum"),
    Row("thread-closed", on("sendMessage", refused(400, "Bad Request: TOPIC_CLOSED")), kind="forum"),
    Row("closes-amid", answer=FLOWING, kind="forum", amid=closes_topics),
    Row("migrates", answer=FLOWING, kind="basic", amid=upgrades),
    Row("502-send", on("sendMessage", Fault.page(502), 2)),
    Row("502-edit", on("editMessageText", Fault.page(502), 2), FLOWING),
    Row("500-typing", on("sendChatAction", refused(500, "Internal Server Error"), None)),
    Row("reset-before", on("sendMessage", Fault.reset()), LONG),
    Row("reset-after", on("sendMessage", Fault.reset(accepted=True)), LONG, orphan=True),
    Row("reset-after-amid", on("sendMessage", Fault.reset(accepted=True)), FLOWING, orphan=True),
    Row("reset-edit", on("editMessageText", Fault.reset(accepted=True)), LONG),
    Row("garbage-short", on("sendMessage", Fault.garbage())),
    Row("garbage-long", on("sendMessage", Fault.garbage()), LONG, orphan=True),
    Row("garbage-edit", on("editMessageText", Fault.garbage(), 3), FLOWING),
    Row("hang-send", on("sendMessage", Fault.hang(1.0)), LONG),
    Row("hang-edit", on("editMessageText", Fault.hang(1.0, accepted=True)), LONG),
]  # fmt: skip


@pytest.fixture
async def street(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """The product with a model that answers by row."""
    async with running_product(sqlite_database_url, tmp_path) as product:
        product.llm.default(Model({row.name: (row.answer,) for row in ROWS}))
        yield product


async def test_every_fault_of_telegram_has_one_visible_outcome(street: Product) -> None:
    kinds = enumerate(ROWS)
    houses = [await move_in(street, row.name, number, kind=row.kind) for number, row in kinds]
    await everybody(*(live_through(house, row) for house, row in zip(houses, ROWS, strict=True)))
    assert_obeyed(street)
    assert_discreet(street)
    assert await dead_letters(street) == []
    assert await open_jobs(street) == []


async def live_through(house: House, row: Row) -> None:
    """Ask under the fault, see the outcome, and ask on without it."""
    faults = house.product.telegram.emu.faults
    for method, fault, times, after in row.faults:
        faults.add(method, fault, chat_id=house.chat.id, times=times, after=after)
    try:
        thread = await house.chat.topic("Plans") if row.kind == "forum" else None
        question = await house.ask(thread_id=thread)
        if row.amid is not None:
            await until(lambda: any("flow" in message.text for message in house.shown), 10)
            await row.amid(house)
        if row.name == "migrates":
            await moves(house, row)
        elif row.gone:
            await stays_away(house, row)
        else:
            await answered_once(house, row, question)
        if row.name not in ("deactivated-amid", "migrates"):
            await asks_on(house, row)
    except (AssertionError, TimeoutError) as error:
        error.add_note(f"in the row {row.name}")
        raise


async def answered_once(house: House, row: Row, question: MessageHandle) -> None:
    wanted = (row.answer.text or "").replace("*", "")
    reply = await house.product.telegram.wait_reply(question, contains=wanted, settled=0.4, timeout=20)
    assert reply.text == wanted
    # A frame may have shown all of it: then it is the edit that takes Stop away which met the fault.
    await until(lambda: not reply.buttons, 10)
    others = [message for message in standing(question) if message.id != reply.id]
    assert len(others) <= int(row.orphan), [message.text for message in others]
    assert all(len(message.text) <= ORPHAN for message in others)
    if row.name.startswith("entities"):
        assert not reply.entities


async def stays_away(house: House, row: Row) -> None:
    """The turn ends, without an answer and without hammering."""
    await until(lambda: given_up(house), 15)
    wanted = (row.answer.text or "").replace("*", "")
    here = [message for message in house.shown if message.text == wanted]
    assert here == []
    refusals = [r for r in calls_to(house) if r.status >= 400 and r.method.startswith(("send", "edit"))]
    assert len(refusals) <= 8, [r.method for r in refusals]


async def given_up(house: House) -> bool:
    query = select(Turn.status).join(Chat, Chat.id == Turn.chat_id)
    where = query.where(Chat.external_id == str(house.chat.id))
    return await house.product.look(lambda s: list(s.scalars(where))) == ["undeliverable"]


async def moves(house: House, row: Row) -> None:
    """The group has become another chat: the answer stands there."""
    telegram, wanted = house.product.telegram, row.answer.text or ""
    await until(lambda: house.chat.record.migrated_to is not None, 5)
    new = ChatHandle(telegram.emu, house.chat.record.migrated_to or 0)
    await telegram.wait_message(new, contains=wanted, timeout=10)
    assert [message.text for message in telegram.bot_messages(new)].count(wanted) == 1


async def asks_on(house: House, row: Row) -> None:
    rules = house.product.telegram.emu.faults.rules
    rules[:] = [rule for rule in rules if rule.chat_id != house.chat.id]
    if row.back is not None:
        await row.back(house)
    await house.next_is_answered()


def assert_obeyed(product: Product) -> None:
    """After each 429 nothing goes to that chat before its time is over."""
    requests = list(product.telegram.emu.requests)
    limited = [request for request in requests if request.status == 429 and "chat_id" in request.params]
    assert len(limited) >= 7
    for refusal in limited:
        chat_id = refusal.params["chat_id"]
        seconds = float(json.loads(str(refusal.response))["parameters"]["retry_after"])
        for request in requests:
            if request.params.get("chat_id") == chat_id:
                began = request.at - timedelta(seconds=request.seconds)
                early = refusal.at < began < refusal.at + timedelta(seconds=seconds)
                assert not early, f"{request.method} during the silence after {refusal.method}"
