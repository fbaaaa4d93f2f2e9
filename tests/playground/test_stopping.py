"""`mnema playground` ends within a second, also with a page open, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

STARTING_SECONDS = 90
STOPPING_SECONDS = 1.0
LEFT_BEHIND = ("Traceback", "destroyed", "Unclosed", "Warning", "never awaited")


@asynccontextmanager
async def playing(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, once it says that the page is open."""
    settings = {"HTTP_PORT": str(port), "DATA_DIR": str(folder / "data"), "PYTHONWARNINGS": "default"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "playground", cwd=folder, env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = b""
        async with asyncio.timeout(STARTING_SECONDS):
            while b"is open" not in (line := await process.stdout.readline()):
                told += line
                assert line, told.decode()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_sigterm_ends_the_playground_at_once(tmp_path: Path, unused_tcp_port: int) -> None:
    page = f"http://127.0.0.1:{unused_tcp_port}/playground/api"
    async with (
        playing(tmp_path, unused_tcp_port) as process,
        aiohttp.ClientSession() as session,
        session.get(f"{page}/events") as stream,
    ):
        await stream.content.readline()
        message = {"from": 500000001, "text": "Remember that I like tea"}
        async with session.post(f"{page}/chats/500000001/messages", json=message) as said:
            assert said.status == 201
        await asyncio.sleep(3)  # the imports of the start are over, the answer is written
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        took = time.monotonic() - began
    assert process.returncode == 0, out.decode()
    assert took < STOPPING_SECONDS, out.decode()
    assert not any(word in out.decode() for word in LEFT_BEHIND), out.decode()
