"""Serving inside the bot's own event loop; the process's signals belong to the bot."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from bot.core.errors import ConfigError

GRACE_SECONDS = 3
_NEIGHBOURS = 20

Started = Callable[[str, int], None]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_start = on_start

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors, then say so."""
        await super().startup(sockets=sockets)
        if self.started and self._on_start is not None:
            self._on_start()


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    setting: str = "HTTP_PORT",
    started: Started | None = None,
    stopping: Callable[[], None] | None = None,
    lifespan: bool = True,
) -> None:
    """Serve until `stop` is set, then let open requests end within three seconds.

    Port 0 takes any free one. `started` is told the address once requests are answered; `stopping` is called
    when the end begins: what ends event streams that would use up the three seconds belongs there.
    `setting` names the port in the ConfigError that is raised when the address cannot be had. An application
    that is served at two addresses has its `lifespan` at one of them.
    """
    with closing(bind(host, port, setting)) as listener:
        address = listener.getsockname()
        on_start = partial(started, address[0], address[1]) if started is not None else None
        server = _Server(_config(app, lifespan), on_start)
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(_end(server, stop, stopping), name="web stop")
            await server.serve(sockets=[listener])
            watcher.cancel()
    if not server.started:
        raise ConfigError("The web server did not start; the log says why.")


def bind(host: str, port: int, setting: str = "HTTP_PORT") -> socket.socket:
    """A listening socket on the address. Raises ConfigError with a sentence that says what to do."""
    try:
        return _listen(host, port)
    except socket.gaierror:
        raise ConfigError(f"HTTP_HOST={host} is no address of this machine.") from None
    except OSError as error:
        raise ConfigError(_why(error, host, port, setting)) from None


def _why(error: OSError, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        free = _neighbour(host, port)
        advice = f"set {setting}={free}, which is free" if free else f"set {setting} to a free port"
        return f"Port {port} is already in use (another copy of the bot?): stop that program, or {advice}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that the bot does not have: set {setting} to 1024 or more."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HTTP_HOST={host} is no address of this machine."
    return f"The web server cannot listen on {host} port {port}: {error.strerror}."


def _neighbour(host: str, port: int) -> int | None:
    for candidate in range(port + 1, min(port + _NEIGHBOURS, 65535) + 1):
        try:
            _listen(host, candidate).close()
        except OSError:
            continue
        return candidate
    return None


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # "localhost" may mean both families; browsers and programs all try the old one.
    family, kind, protocol, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
    except BaseException:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _config(app: ASGIApp, lifespan: bool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="auto" if lifespan else "off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


async def _end(server: uvicorn.Server, stop: asyncio.Event, stopping: Callable[[], None] | None) -> None:
    await stop.wait()
    server.should_exit = True
    if stopping is not None:
        stopping()
