"""Connections cut on purpose, which ASGI itself has no word for."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

EXTENSION = "mnema.cut"


class CutConnections:
    """ASGI middleware for the outermost place: lets a response cut uvicorn's connection without a byte.

    Without it `CutResponse` begins an answer and breaks it off, which clients see as a broken body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Offer the connection's abort to what lies within."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope.setdefault("extensions", {})[EXTENSION] = transport.abort
        await self._app(scope, receive, send)


class CutResponse(Response):
    """No answer: the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort, or break off in the middle of the body."""
        abort = scope.get("extensions", {}).get(EXTENSION)
        if abort is not None:
            abort()
            # The server must notice the loss before this returns, or it reports a missing response.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok":', "more_body": True})
