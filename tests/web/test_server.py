"""The server in the bot's own loop."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import StreamingResponse

from bot.core.errors import ConfigError
from bot.web.app import make_web
from bot.web.server import bind, serve


async def started(
    app: FastAPI, stop: asyncio.Event, group: asyncio.TaskGroup, **options: object
) -> tuple[str, asyncio.Task[None]]:
    """Serve in the background; the address and the task."""
    at: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    tell = {"started": lambda host, port: at.set_result(f"http://{host}:{port}")}
    task = group.create_task(serve(app, "127.0.0.1", 0, stop, **tell, **options))  # type: ignore[arg-type]
    return await asyncio.wait_for(at, 10), task


async def test_it_serves_until_stopped_and_leaves_the_signals_alone() -> None:
    stop = asyncio.Event()
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with asyncio.TaskGroup() as group:
        address, task = await started(make_web([]), stop, group)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
        async with aiohttp.ClientSession() as http, http.get(f"{address}/livez") as response:
            assert await response.json() == {"status": "alive"}
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_a_stop_ends_event_streams_at_once() -> None:
    stop, over = asyncio.Event(), asyncio.Event()
    router = APIRouter()

    @router.get("/events")
    async def events() -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            yield "data: 1\n\n"
            await over.wait()

        return StreamingResponse(stream(), media_type="text/event-stream")

    async with asyncio.TaskGroup() as group:
        address, task = await started(make_web([router]), stop, group, stopping=over.set)
        async with aiohttp.ClientSession() as http, http.get(f"{address}/events") as response:
            assert await response.content.readline() == b"data: 1\n"
            stop.set()
            await asyncio.wait_for(task, 2)


async def test_a_taken_port_is_told_with_a_free_neighbour() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=r"HTTP_PORT=\d+, which is free") as caught:
            await serve(make_web([]), "127.0.0.1", port, asyncio.Event())
    assert "\n" not in str(caught.value)
    found = re.search(r"HTTP_PORT=(\d+)", str(caught.value))
    assert found is not None
    assert port < int(found[1]) <= port + 20
    bind("127.0.0.1", int(found[1])).close()


def test_an_address_that_is_not_ours_is_told() -> None:
    # In a process of its own: the tests' guard would take the address for a way into the network.
    code = "from bot.web.server import bind; bind('192.0.2.1', 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: HTTP_HOST=192.0.2.1 is no address of this machine." in done.stderr


async def test_another_setting_can_be_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="DASHBOARD_PORT"):
            bind("127.0.0.1", taken.getsockname()[1], "DASHBOARD_PORT")
