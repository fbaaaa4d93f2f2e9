"""Static files with validators: a fresh copy is never asked for twice, a changed one never missed."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"


class Files(StaticFiles):
    """Files of one folder: checked by ETag each time, or kept for good when the address carries `?v=`."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, or 304 when the browser holds it already."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = b"v=" in scope.get("query_string", b"")
        response.headers["cache-control"] = FOREVER if versioned else CHECKED
        return response


def files_endpoint(directory: str | os.PathLike[str]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a route `…/{path:path}` that gives the files of `directory`."""
    files = Files(directory=directory)

    async def endpoint(request: Request) -> Response:
        return await files.get_response(request.path_params["path"], request.scope)

    return endpoint
