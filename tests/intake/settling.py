"""Waiting until the bot has taken in all that Telegram had for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db.models import Job
from tests.support.product import Product
from tests.support.waiting import until


async def settled(product: Product, seconds: float = 5) -> None:
    """Wait until no update waits at Telegram or in the queue."""
    emu = product.telegram.emu
    queue = emu.queue(emu.main_bot.id)
    await until(lambda: not queue.pending(), seconds)
    await until(lambda: product.look(lambda s: unfinished(s) == 0), seconds)


def unfinished(session: Session) -> int:
    """Updates that are stored and not handled yet; raises if one became a dead letter."""
    dead = session.scalars(select(Job.last_error).where(Job.status == "dead")).all()
    assert dead == []
    waiting = select(func.count(Job.id)).where(Job.kind == "telegram.update", Job.status != "done")
    return session.scalar(waiting) or 0


async def tell(product: Product, **update: Any) -> None:
    """Send the bot an update that the town of the tests cannot make, and wait until it is handled."""
    emu = product.telegram.emu
    await emu.inject(emu.main_bot.id, update)
    await settled(product)
