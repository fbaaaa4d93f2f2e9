"""Updates that nobody can read: kept raw, told to whoever waits, and in nobody's way."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Job
from bot.services.jobs_desk import JobsDesk
from bot.telegram.i18n import translator
from tests.faults.street import House, Model, assert_discreet, move_in
from tests.support.product import Product, running_product
from tests.support.waiting import until

CANNOT_READ = "I cannot read this kind of message yet. Please say it in plain words."


@pytest.fixture
async def product(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    async with running_product(sqlite_database_url, tmp_path) as running:
        running.llm.default(Model({}))
        yield running
        assert_discreet(running)


def message(house: House, **fields: Any) -> dict[str, Any]:
    """A raw message of the house's person, with an id that is not taken."""
    private = house.chat.record.type == "private"
    chat: dict[str, Any] = {"id": house.chat.id, "type": house.chat.record.type}
    chat |= {"first_name": "P"} if private else {"title": "G"}
    sender = {"id": house.person.id, "is_bot": False, "first_name": "P", "language_code": house.language}
    return {"message_id": 9000, "date": 1_700_000_000, "chat": chat, "from": sender} | fields


async def inject(product: Product, **update: Any) -> int:
    return await product.telegram.emu.inject(product.telegram.emu.main_bot.id, update)


async def dead(product: Product) -> list[tuple[int, dict[str, Any], str]]:
    """Id, payload and error of each dead letter, oldest first."""

    def unit(session: Session) -> list[tuple[int, dict[str, Any], str]]:
        jobs = session.scalars(select(Job).where(Job.status == "dead").order_by(Job.id))
        return [(job.id, job.payload, job.last_error or "") for job in jobs]

    return await product.look(unit)


async def test_an_unreadable_message_is_kept_and_told_and_the_next_is_answered(product: Product) -> None:
    house = await move_in(product, "poisoned", 1)
    await house.next_is_answered()
    poison = message(house, forward_origin={"type": "teleport", "date": "yesterday"}, text="secret words")
    update_id = await inject(product, message=poison)
    await product.telegram.wait_message(house.chat, contains=house.t(CANNOT_READ))
    await house.next_is_answered()
    ((job_id, payload, error),) = await dead(product)
    assert payload == {"update_id": update_id, "message": poison}
    assert "unreadable update" in error
    assert "secret words" not in error
    await JobsDesk(product.app.database, product.app.clock).retry(job_id)
    await until(lambda: _buried_again(product, job_id), 5)
    assert [m.text for m in house.shown].count(house.t(CANNOT_READ)) == 1


async def _buried_again(product: Product, job_id: int) -> bool:
    letters = await dead(product)
    return [letter[0] for letter in letters] == [job_id]


async def test_a_repaired_version_reads_the_dead_letter(product: Product) -> None:
    house = await move_in(product, "mended", 2)
    await house.next_is_answered()
    await inject(product, message=message(house, text={"rich": "row:mended"}))
    await product.telegram.wait_message(house.chat, contains=house.t(CANNOT_READ))
    await until(lambda: _has_dead(product), 5)
    ((job_id, payload, _),) = await dead(product)

    def mend(session: Session) -> None:
        mended = payload["message"] | {"text": "row:mended"}
        session.get_one(Job, job_id).payload = payload | {"message": mended}

    await product.app.database.write(mend)
    await JobsDesk(product.app.database, product.app.clock).retry(job_id)
    await product.telegram.wait_message(house.chat, contains="Fine, row:mended.")
    assert await dead(product) == []


async def _has_dead(product: Product) -> bool:
    return bool(await dead(product))


async def test_in_groups_only_what_is_meant_for_the_bot_is_told(product: Product) -> None:
    house = await move_in(product, "group", 2, kind="group")
    await inject(product, message=message(house, text="talk among us", entities="new"))
    await inject(product, message=message(house, text="@mnema_bot hello", entities="new", message_id=9001))
    await product.telegram.wait_message(house.chat, contains=house.t(CANNOT_READ))
    await house.next_is_answered()
    assert [m.text for m in house.shown].count(house.t(CANNOT_READ)) == 1
    assert len(await dead(product)) == 2


async def test_an_unreadable_press_is_answered(product: Product) -> None:
    house = await move_in(product, "presser", 0)
    await house.next_is_answered()
    query = {"id": "77", "from": {"id": house.person.id, "language_code": "uk"}, "data": 7}
    await inject(product, callback_query=query)
    await until(lambda: bool(product.telegram.calls("answerCallbackQuery")), 5)
    (call,) = product.telegram.calls("answerCallbackQuery")
    assert call.params["text"] == translator("uk")("error.internal")
    await house.next_is_answered()


async def test_unknown_kinds_are_recorded_without_noise(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    house = await move_in(product, "calm", 0)
    with caplog.at_level(logging.INFO):
        await inject(product, telepathy={"chat": {"id": house.chat.id}, "thought": "hm"})
        await inject(product)
        await house.next_is_answered()
    assert await dead(product) == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert sum("unknown kind" in record.getMessage() for record in caplog.records) == 2


ODD: list[dict[str, Any]] = [
    {"message": None},
    {"message": []},
    {"message": {"chat": {"id": "x" * 5000, "type": "private"}}},
    {"message": {"chat": {"id": None}, "from": {"id": {"a": 1}}}},
    {"callback_query": {"id": {}, "from": 5}},
    {"callback_query": "x"},
    {"edited_message": {"text": "\ud800 \x00"}},
    {"my_chat_member": {"chat": {"id": -5, "type": "galaxy"}, "from": {}}},
    {"x" * 3000: {"deep": [[[[[]]]]]}},
    {"stopped_message_generation": {"chat": {"id": 10**40}}},
]


async def test_nonsense_never_stops_the_intake(database_url: str, tmp_path: Path) -> None:
    async with running_product(database_url, tmp_path) as product:
        product.llm.default(Model({}))
        house = await move_in(product, "sane", 1)
        for update in ODD:
            await inject(product, **update)
        await house.next_is_answered()
        # A null is the same as nothing; everything else that could not be read is kept.
        assert 5 <= len(await dead(product)) < len(ODD)
        assert len(house.shown) == 1
