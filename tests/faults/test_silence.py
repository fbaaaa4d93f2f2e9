"""What Telegram does not take for long: nobody else waits for it, and it comes when it can."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.core.clock import SystemClock
from bot.db.models import Job
from bot.playground.emulator import Fault
from tests.faults.street import Model, calls_to, dead_letters, move_in
from tests.support.product import Product, running_product
from tests.support.waiting import until


class ClockAhead(SystemClock):
    """The real time, some seconds ahead."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self.seconds


@pytest.mark.parametrize(
    "fault", [Fault.too_many(300), Fault.page(502)], ids=["a long silence", "a long outage"]
)
async def test_what_cannot_be_sent_for_long_holds_up_nobody_and_comes_later(
    sqlite_database_url: str, tmp_path: Path, fault: Fault
) -> None:
    clock, silence = ClockAhead(), "retry_after" in fault.body
    async with running_product(sqlite_database_url, tmp_path, clock=clock) as product:
        product.llm.default(Model({}))
        house, other = await move_in(product, "flood", 0), await move_in(product, "other", 1)
        product.telegram.emu.faults.add(
            "sendMessage", fault, chat_id=house.chat.id, times=1 if silence else None
        )
        question = await house.ask()
        await until(lambda: bool(calls_to(house)), 5)
        command = await house.person.say(house.chat, "/help")
        await other.next_is_answered()
        for _ in range(30):
            if await _late(product) == {"turn.answer", "telegram.late"}:
                break
            await asyncio.sleep(0.2)
            clock.seconds += 0 if silence else 5
        assert await _late(product) == {"turn.answer", "telegram.late"}
        assert house.shown == []
        assert len([r for r in calls_to(house) if r.method == "sendMessage"]) <= (1 if silence else 16)
        product.telegram.emu.faults.clear()
        clock.seconds += 301
        await until(lambda: len(house.shown) == 2, 10)
        assert {message.text for message in house.shown} > {"Fine, row:flood."}
        assert await dead_letters(product) == []
        assert question.entry.answered
        assert command.entry.answered
        await house.next_is_answered()


async def _late(product: Product) -> set[str]:
    """Kinds of the jobs that left their lanes and wait."""
    late = select(Job.kind).where(Job.lane.like("late:%"), Job.status == "queued")
    return await product.look(lambda s: set(s.scalars(late)))
