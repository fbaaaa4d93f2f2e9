"""A router in anybody's FastAPI application: it brings its services along, and says its own refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.api.access import Gate
from bot.api.pace import Pace
from bot.api.routing import ApiRoute, Handler
from bot.api.services import Services, provide
from bot.core.errors import MnemaError
from bot.services.hosted import open_hosted
from bot.settings import load_settings
from bot.web.problems import Problem, problem_of


class HostedRoute(ApiRoute):
    """In the product an ordinary route; elsewhere it opens the settings' database at its first request."""

    def get_route_handler(self) -> Handler:
        """The handler, with services and with its refusals told."""
        handle = super().get_route_handler()

        async def hosted(request: Request) -> Response:
            if MnemaError in request.app.exception_handlers:
                return await handle(request)
            try:
                await _serve(request.app)
                _refuse_foreign_pages(request)
                return await handle(request)
            except (MnemaError, Problem) as error:
                return problem_of(error)

        return hosted


@asynccontextmanager
async def closing(app: FastAPI) -> AsyncIterator[None]:
    """The lifespan of a hosted router: what it opened is closed with the application."""
    yield
    opened = getattr(app.state, "mnema_opened", None)
    if isinstance(opened, _Opened):
        del app.state.mnema, app.state.mnema_opened
        await opened.stack.aclose()


class _Opened:
    """What one application holds open."""

    def __init__(self) -> None:
        self.stack = AsyncExitStack()
        self.lock = asyncio.Lock()


def _refuse_foreign_pages(request: Request) -> None:
    """Without keys another site's page in a browser of this machine would be let in."""
    origin = request.headers.get("origin")
    own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not own and "authorization" not in request.headers:
        raise Problem(403, "A page of another site may not do that.", code="foreign_origin")


async def _serve(app: FastAPI) -> None:
    if isinstance(getattr(app.state, "mnema", None), Services):
        return
    if not hasattr(app.state, "mnema_opened"):
        app.state.mnema_opened, app.state.mnema = _Opened(), None
    opened: _Opened = app.state.mnema_opened
    async with opened.lock:
        if isinstance(getattr(app.state, "mnema", None), Services):
            return
        settings = load_settings()
        here = await opened.stack.enter_async_context(open_hosted(settings))
        pace = Pace(settings.api_rate_per_minute, here.clock)
        gate = Gate(here.keys, pace, closed=settings.api_auth == "on")
        provide(app, Services(gate, here.sessions, here.answers))
