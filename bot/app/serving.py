"""The one web application at its addresses: HTTP_PORT, and DASHBOARD_PORT where that is set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import ASGIApp

from bot.settings import Settings
from bot.web.server import Started, serve


def serve_all(
    web: ASGIApp,
    settings: Settings,
    stop: asyncio.Event,
    *,
    started: Started,
    stopping: Callable[[], None],
) -> list[Coroutine[Any, Any, None]]:
    """The servers to run until `stop` is set; `started` is told the address of HTTP_PORT."""
    host, port = settings.http_host, settings.dashboard_port
    servers = [serve(web, host, settings.http_port, stop, started=started, stopping=stopping)]
    if port is not None:
        servers.append(serve(web, host, port, stop, setting="DASHBOARD_PORT", lifespan=False))
    return servers
