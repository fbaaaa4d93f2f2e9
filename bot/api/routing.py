"""The route of the API: who calls is settled before a body is read, and a POST may be sent again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, params
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from bot.api.access import caller_of, requirement
from bot.api.replaying import replayed
from bot.api.schemas import PROBLEMS
from bot.web.problems import Problem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """Admits the caller, checks the kind of the body, and answers a repeated POST from what is kept."""

    def get_route_handler(self) -> Handler:
        """The handler behind these checks."""
        handle = super().get_route_handler()
        declared = requirement(self.dependant)
        json_body = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)

        async def guarded(request: Request) -> Response:
            if declared is None:
                return await handle(request)
            caller = declared.check(await caller_of(request))
            if json_body:
                _require_json(request)
            if request.method == "POST":
                return await replayed(request, caller, handle)
            return await handle(request)

        return guarded


def make_router(*tags: str, prefix: str = "") -> APIRouter:
    """A router whose routes are the API's own, with its errors documented."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=ApiRoute, responses=dict(PROBLEMS))


def _require_json(request: Request) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if empty or sent == "application/json" or (sent.startswith("application/") and sent.endswith("+json")):
        return
    raise Problem(415, "The body must be JSON: send Content-Type: application/json.", code="not_json")
