"""Where the messenger page and its files stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bot.web.static import CHECKED, files_endpoint

STATIC = Path(__file__).parent / "static"
Abilities = Mapping[str, Sequence[str]]


def page_routes(abilities: Abilities | None = None) -> APIRouter:
    """The page at `/`, its files under `/playground/static`.

    `abilities` says by language what the rehearsal model can do; None takes the shipped one's.
    """
    router = APIRouter(include_in_schema=False)
    give_file = files_endpoint(STATIC)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": CHECKED})

    @router.api_route("/favicon.ico", methods=["GET", "HEAD"])
    async def favicon() -> Response:
        return FileResponse(STATIC / "mark.svg", headers={"Cache-Control": CHECKED})

    @router.api_route("/playground/static/{path:path}", methods=["GET", "HEAD"])
    async def static(request: Request) -> Response:
        return await give_file(request)

    @router.get("/playground/api/abilities")
    async def listed() -> Abilities:
        return _shipped() if abilities is None else abilities

    return router


def _shipped() -> Abilities:
    from bot.playground.rehearsal import ABILITIES

    return ABILITIES
