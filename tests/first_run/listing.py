"""Endpoints that list models, or refuse to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.serving import serving

KEY = "sk-the-right-key"


@asynccontextmanager
async def listing(*names: str) -> AsyncIterator[str]:
    """An endpoint with these models; gives its base URL. Only `KEY` opens it."""

    async def models(request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401)
        return JSONResponse({"object": "list", "data": rows(names)})

    async with serving(Starlette(routes=[Route("/v1/models", models)])) as base:
        yield f"{base}/v1"


def rows(names: Sequence[str]) -> list[dict[str, object]]:
    """The models as the API lists them."""
    return [{"id": name, "object": "model", "created": 0, "owned_by": "us"} for name in names]
