"""An ASGI app on a free loopback port, in the loop of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


def _nothing() -> None:
    return None


@asynccontextmanager
async def serving(
    app: ASGIApp, port: int = 0, before_stop: Callable[[], None] = _nothing
) -> AsyncIterator[str]:
    """Serve `app`; gives its base address. `before_stop` ends what holds requests open.

    uvicorn is started without its own loop of ticks, so that neither start nor stop waits for one.
    """
    # With the protocol named, asyncio turns Nagle off; without, every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    # A connection dropped for idleness just as a client reuses it would be a fault that nobody ordered.
    config = uvicorn.Config(
        app, lifespan="off", log_level="warning", access_log=False, ws="none", timeout_keep_alive=600
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for each in server.servers:
            each.close()
        before_stop()
        await _end_requests(server)
        listener.close()


async def _end_requests(server: uvicorn.Server) -> None:
    state = server.server_state
    if state.tasks:
        await asyncio.wait(set(state.tasks), timeout=0.5)
    for task in tuple(state.tasks):
        task.cancel()
    await asyncio.gather(*tuple(state.tasks), return_exceptions=True)
    for connection in tuple(state.connections):
        connection.transport.abort()
    # The aborted transports report their loss in the loop's next rounds.
    for _ in range(3):
        await asyncio.sleep(0)
