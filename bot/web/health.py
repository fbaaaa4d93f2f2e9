"""`/livez` and `/readyz`, which need no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

Readiness = Callable[[], Awaitable[dict[str, Any]]]


async def always_ready() -> dict[str, Any]:
    """The readiness of an application that depends on nothing."""
    return {"ready": True}


def health_routes(readiness: Readiness) -> APIRouter:
    """Routes of the two questions; `readiness` gives `ready` and whatever else is worth showing."""
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "alive"}

    @router.get("/readyz", responses={503: {"description": "Not ready; the body says why."}})
    async def readyz() -> JSONResponse:
        """Whether the bot can do its work, with what it knows about it."""
        found = await readiness()
        ready = bool(found.get("ready", True))
        shown = {name: value for name, value in found.items() if name != "ready"}
        return JSONResponse({"status": "ready" if ready else "not ready", **shown}, 200 if ready else 503)

    return router
