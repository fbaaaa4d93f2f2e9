"""Running several servants until the process is asked to end."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bot.core.errors import MnemaError


def run_process(work: Coroutine[Any, Any, None]) -> None:
    """Run the work that a process was started for, and leave the process ready to end."""
    try:
        asyncio.run(work)
    finally:
        # The interpreter's last collection would walk every imported module, a second for what dies anyway.
        gc.freeze()


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; a second one ends the process the hard way."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGINT)

    def ask() -> None:
        stop.set()
        for number in caught:
            loop.remove_signal_handler(number)

    with suppress(NotImplementedError, RuntimeError):  # not the main thread: a test stops us by the event
        for number in caught:
            loop.add_signal_handler(number, ask)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError):
            for number in caught:
                loop.remove_signal_handler(number)


async def together(stop: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run all until each ended; when one ends or fails, the others are asked to stop.

    Raises the first error of ours plainly, not in a group.
    """

    ended: list[MnemaError] = []

    async def servant(one: Coroutine[Any, Any, None]) -> None:
        try:
            await one
        except MnemaError as error:
            ended.append(error)  # said in one sentence in the end: the others close in peace, not by force
        finally:
            stop.set()

    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(servant(one))
        if ended:
            raise ended[0]
    except BaseExceptionGroup as failures:
        ours, _others = failures.split(MnemaError)
        if ours is not None:
            raise _first(ours) from None
        raise


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
