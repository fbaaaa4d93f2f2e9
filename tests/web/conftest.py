"""A small application behind all guards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import APIRouter, Request
from pydantic import BaseModel

from bot.core.errors import Invalid, LLMError, NotAllowed, NotFound
from bot.web.app import make_web
from bot.web.problems import Problem
from bot.web.static import files_endpoint
from tests.support.serving import serving
from tests.web.answers import LIMIT


class Body(BaseModel):
    name: str
    age: int


def routes(tmp_path: Path) -> APIRouter:
    router = APIRouter()
    (tmp_path / "a.js").write_text("export default 1;")
    give = files_endpoint(tmp_path)

    @router.get("/page")
    async def page(request: Request) -> dict[str, str]:
        return {"id": request.state.request_id}

    @router.post("/people")
    async def people(body: Body) -> dict[str, str]:
        return {"name": body.name}

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @router.get("/fail/{kind}")
    async def fail(kind: str) -> None:
        raise {
            "missing": NotFound("row 7 of table x"),
            "forbidden": NotAllowed("secret reason"),
            "invalid": Invalid("minutes=-1", field="minutes"),
            "model": LLMError("rate_limited", "body of the endpoint", retry_after=7.4),
            "problem": Problem(409, "It is there already.", code="exists", where="here"),
            "bug": ZeroDivisionError("with a secret"),
        }[kind]

    @router.get("/files/{path:path}")
    async def files(request: Request) -> Any:
        return await give(request)

    return router


@pytest.fixture
async def base(tmp_path: Path) -> AsyncIterator[str]:
    app = make_web(
        [routes(tmp_path)],
        allowed_hosts=["bot.example"],
        cors_origins=["https://Trusted.example/"],
        max_body=LIMIT,
    )
    async with serving(app) as address:
        yield address


@pytest.fixture
async def http(base: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base) as session:
        yield session
