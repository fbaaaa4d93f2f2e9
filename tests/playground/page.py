"""The messenger page over a running emulator and a small bot, served from a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fastapi import APIRouter

from bot.core.errors import LLMError
from bot.playground.connect import ModelStatus, connect_routes
from bot.playground.emulator import CutConnections, Emulator, emulator_router
from bot.playground.page import page_routes
from bot.playground.page_api import page_router
from bot.playground.seed import DEFAULT_TOKEN, seed_default
from bot.playground.store import Store
from bot.web.app import make_web
from bot.web.server import serve
from tests.playground.echo_bot import EchoBot


@dataclass
class RunningPage:
    """Where the page stands, and the folder whose `.env` it writes."""

    base: str
    folder: Path


async def probe(_base_url: str, api_key: str, _model: str) -> None:
    """A model's check that refuses one key."""
    if api_key == "wrong":
        raise LLMError("auth")


async def status() -> ModelStatus:
    """The rehearsal model, beside an Ollama with one model."""
    return ModelStatus("rehearsal", "mnema-rehearsal", ("qwen3:4b",))


class _Thread(threading.Thread):
    """Runs the page's event loop beside the test, which drives the browser and blocks."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(name="page")
        self.begun = threading.Event()
        self.base = ""
        self.error: BaseException | None = None
        self._folder, self._port = folder, port
        self._end: Callable[[], object] = self.begun.set

    def run(self) -> None:
        """Serve until `end` is called."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it again
            self.error = error
        finally:
            self._end = self.begun.set
            self.begun.set()

    def end(self) -> None:
        """Stop serving and wait for the end."""
        self._end()
        self.join(20)

    async def _serve(self) -> None:
        stop = asyncio.Event()
        self._end = partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set)
        emulator = Emulator(Store(self._folder / "world.db"))
        await emulator.open()
        await seed_default(emulator)
        app = CutConnections(make_web(_routers(emulator, self._folder)))
        serving = serve(
            app, "127.0.0.1", self._port, stop, started=self._serves_at, stopping=emulator.release
        )
        async with asyncio.TaskGroup() as group:
            server = group.create_task(serving)
            await asyncio.to_thread(self.begun.wait, 20)
            echo = group.create_task(EchoBot(self.base, DEFAULT_TOKEN).run())
            await stop.wait()
            echo.cancel()
            await server
        await emulator.close()

    def _serves_at(self, host: str, port: int) -> None:
        self.base = f"http://{host}:{port}"
        self.begun.set()


@contextmanager
def running_page(folder: Path, port: int = 0) -> Iterator[RunningPage]:
    """Serve the page until the block ends; the same folder again is the same world."""
    thread = _Thread(folder, port)
    thread.start()
    try:
        assert thread.begun.wait(30)
        if thread.error is not None:
            raise thread.error
        yield RunningPage(thread.base, folder)
    finally:
        thread.end()
    assert thread.error is None, thread.error


def _routers(emulator: Emulator, folder: Path) -> list[APIRouter]:
    mounted = APIRouter()
    mounted.include_router(emulator_router(emulator), prefix="/telegram")
    mounted.include_router(page_router(emulator), prefix="/playground/api")
    return [
        page_routes(),
        mounted,
        connect_routes(
            probe=probe, status=status, env_file=folder / ".env", telegram_api="http://127.0.0.1:9/"
        ),
    ]
