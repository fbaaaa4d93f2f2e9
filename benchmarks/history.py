"""Reading a chat's last messages and building a context, in small and large databases."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.filling import CHAT, PERSON, fill, largest
from bot.context.manager import ContextManager
from bot.db.repositories.turn_view import ViewLimits, load_for_chat
from bot.settings import Settings

ROUNDS = 200


async def timed(work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """The median of a call, in milliseconds, after a few calls for warmth."""
    for _ in range(5):
        await work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def measure(folder: Path, messages: int) -> tuple[float, float, int, float]:
    """Milliseconds of a view and of a whole context, statements of a view, and bytes per message."""
    from bot.app import build_app

    path = folder / f"{messages}.db"
    url = await asyncio.to_thread(fill, path, messages)
    settings = Settings(database_url=url, data_dir=folder / "data")
    app = build_app(settings, everyone=True)
    await app.database.open()
    limits = ViewLimits(app.clock.now())
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    async def view() -> object:
        return await app.database.read(lambda s: load_for_chat(s, CHAT, PERSON, limits))

    async def context() -> object:
        loaded = await app.database.read(lambda s: load_for_chat(s, CHAT, PERSON, limits))
        return await ContextManager.for_turn(app.context, loaded).build_context()

    event.listen(Engine, "before_cursor_execute", count)
    await view()
    event.remove(Engine, "before_cursor_execute", count)
    found = await timed(view), await timed(context)
    await app.close(0)
    return *found, statements, path.stat().st_size / messages


async def compare() -> None:
    """Print the ratios."""
    small, large = 10_000, largest()
    with tempfile.TemporaryDirectory() as folder:
        a = await measure(Path(folder), small)
        b = await measure(Path(folder), large)
    print(f"{'':34}{small:>12,}{large:>12,}{'ratio':>8}   goal")
    print(f"{'last 100 of a chat of 1k, ms':34}{a[0]:>12.2f}{b[0]:>12.2f}{b[0] / a[0]:>8.2f}   <= 1.2")
    print(f"{'whole context of that chat, ms':34}{a[1]:>12.2f}{b[1]:>12.2f}{b[1] / a[1]:>8.2f}   <= 1.5")
    print(f"{'statements of a view':34}{a[2]:>12}{b[2]:>12}{b[2] / a[2]:>8.2f}   = 1")
    print(f"{'bytes a message on disk':34}{a[3]:>12.0f}{b[3]:>12.0f}{b[3] / a[3]:>8.2f}   <= 400 bytes")


def main() -> None:
    """Run it."""
    asyncio.run(compare())
