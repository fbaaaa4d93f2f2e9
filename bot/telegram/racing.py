"""Work that a stop signal cuts short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """The work's result, or None when `stop` came first (the work is cancelled then)."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            watch = group.create_task(stop.wait())
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            task.cancel()
            watch.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return None if task.cancelled() else task.result()


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but wake at once when `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
