"""Stopping an answer that is being made: at once in this process, by a flag for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from bot.core.nursery import Nursery

T = TypeVar("T")


class Halted(Exception):
    """The asker stopped the answer."""


class Halts:
    """The answers running in this process, by turn."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._running: dict[int, asyncio.Task[Any]] = {}
        self._halted: set[int] = set()

    async def guard(self, turn_id: int, work: Coroutine[Any, Any, T]) -> T:
        """Run the work so that `halt` can end it. Raises Halted when it did."""
        if turn_id in self._halted:
            work.close()
            raise Halted
        task = self._nursery.start(work, f"turn-{turn_id}", awaited=True)
        self._running[turn_id] = task
        try:
            await asyncio.wait({task})
            if task.cancelled() and turn_id in self._halted:
                raise Halted
            return task.result()  # type: ignore[no-any-return]  # the task runs `work`
        except asyncio.CancelledError:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            raise
        finally:
            self._running.pop(turn_id, None)

    def halt(self, turn_id: int) -> None:
        """End a turn's work if it runs here; if it has not begun, it will not."""
        self._halted.add(turn_id)
        task = self._running.get(turn_id)
        if task is not None:
            task.cancel()

    def forget(self, turn_id: int) -> None:
        """The turn is settled."""
        self._halted.discard(turn_id)
