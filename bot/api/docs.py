"""The document of the API at /openapi.json, and its page at /docs, with nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot.api.document import document
from bot.web.static import CHECKED, files_endpoint

STATIC = Path(__file__).parent / "static"


def docs_routes() -> APIRouter:
    """The page and its files."""
    router = APIRouter(include_in_schema=False)
    give = files_endpoint(STATIC)

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def page() -> Response:
        return FileResponse(STATIC / "docs.html", headers={"Cache-Control": CHECKED})

    @router.api_route("/docs/static/{path:path}", methods=["GET", "HEAD"])
    async def static(request: Request) -> Response:
        return await give(request)

    return router


def document_with(web: FastAPI) -> None:
    """Let /openapi.json give our document of the application's routes."""

    def described() -> dict[str, Any]:
        if web.openapi_schema is None:
            web.openapi_schema = document(web)
        return web.openapi_schema

    web.openapi = described  # type: ignore[method-assign]  # the framework's own way to change it
