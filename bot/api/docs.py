"""The document of the API at /openapi.json, and its page at /docs, with nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot import __version__
from bot.api.schemas import ProblemBody
from bot.web.static import CHECKED, files_endpoint

STATIC = Path(__file__).parent / "static"

_ABOUT = """\
The memory and the talk of a Mnema bot, over HTTP.

Send `Authorization: Bearer <key>`; `mnema api key create` makes one. A key reaches the users and \
conversations of its application, or the one person it is bound to; an admin's reaches all. A user id is \
your own word for a person; digits alone mean that Telegram person.

Times are UTC. Errors are problem documents with a plain sentence. A POST with an `Idempotency-Key` may be \
sent again for a day: it is done once."""

_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own word for this request; sent again with it, the first answer comes back.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


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


def document(web: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of what the application serves to programs."""
    made = get_openapi(title="Mnema", version=__version__, description=_ABOUT, routes=web.routes)
    parts = made.setdefault("components", {}).setdefault("schemas", {})
    parts["Problem"] = ProblemBody.model_json_schema()
    for methods in made["paths"].values():
        for method, operation in methods.items():
            if method == "post":
                operation.setdefault("parameters", []).append(_KEY_HEADER)
    return made
