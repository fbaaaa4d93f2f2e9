"""`/livez` and `/readyz`, which need no key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

_STATUS = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}


def _shown(status: str, number: int = 200, description: str = "It does.") -> dict[int | str, dict[str, Any]]:
    media = {"schema": _STATUS, "example": {"status": status}}
    return {number: {"description": description, "content": {"application/json": media}}}


_READY = {**_shown("ready"), **_shown("not ready", 503, "Not ready; the body says why.")}

Readiness = Callable[[], Awaitable[dict[str, Any]]]


async def always_ready() -> dict[str, Any]:
    """The readiness of an application that depends on nothing."""
    return {"ready": True}


def health_routes(readiness: Readiness) -> APIRouter:
    """Routes of the two questions; `readiness` gives `ready` and whatever else is worth showing."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Tell whether the process lives", responses=_shown("alive"))
    async def livez() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "alive"}

    @router.get("/readyz", summary="Tell whether the bot is ready", responses=_READY)
    async def readyz() -> JSONResponse:
        """Whether the bot can do its work, with what it knows about it."""
        found = await readiness()
        ready = bool(found.get("ready", True))
        shown = {name: value for name, value in found.items() if name != "ready"}
        return JSONResponse({"status": "ready" if ready else "not ready", **shown}, 200 if ready else 503)

    return router
