"""What the tests of the API stand on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.api.listening import Listening
from bot.api.mount import api_routers, mount
from bot.api.services import Services
from bot.app import App, build_app
from bot.app.api import offered_models, serve_api
from bot.services.api_keys import ApiKeys
from bot.settings import Settings
from bot.web.app import make_web
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Step
from tests.support.serving import serving

T = TypeVar("T")

SECRET = "a secret of the tests that is long enough"


@dataclass
class House:
    """The running API; `keys` makes keys, `listening` holds the requests that wait."""

    app: App
    llm: ScriptedLLM
    base: str
    http: aiohttp.ClientSession
    keys: ApiKeys
    listening: Listening
    web: FastAPI

    async def key(self, application: str = "default", scopes: str = "read,write", **more: Any) -> str:
        """The token of a new key."""
        return (await self.keys.create("test", application, scopes.split(","), **more)).token

    def shown(self) -> str:
        """All that the model was shown last."""
        return json.dumps(self.llm.requests[-1].body["messages"], ensure_ascii=False)

    async def look(self, unit: Callable[[Session], T]) -> T:
        """Read the bot's database."""
        return await self.app.database.read(unit)

    async def ask(
        self, method: str, path: str, token: str | None = None, **more: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, body (JSON where it is) and headers of a request."""
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, path, headers=headers, **more) as response:
            text = await response.text()
            body = json.loads(text) if "json" in response.content_type else text
            return response.status, body, response.headers


def api_settings(database_url: str, data_dir: Path, llm: ScriptedLLM, **overrides: Any) -> Settings:
    """Settings of a test, without importing what only Telegram needs."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": data_dir,
        "llm_base_url": llm.base_url,
        "llm_api_key": SecretStr("test-key"),
        "llm_model": "gpt-4o-mini",
        "llm_timeout_seconds": 5,
        "jwt_secret": SecretStr(SECRET),
    }
    return Settings(**(values | overrides))


@asynccontextmanager
async def running_house(
    database_url: str,
    data_dir: Path,
    *steps: Step,
    closed: bool = True,
    hosts: Sequence[str] = (),
    **overrides: Any,
) -> AsyncIterator[House]:
    """The product with the API as its only face; `steps` are the model's first answers."""
    async with scripted_llm() as llm:
        llm.script(*steps)
        settings = api_settings(database_url, data_dir, llm, **overrides)
        app, services, listening = build_app(settings), Services(), Listening()
        web = make_web(api_routers(), allowed_hosts=hosts, cors_origins=["https://pages.example"])
        mount(web, services)
        await app.open()
        try:
            await serve_api(app, services, listening, closed=closed, models=offered_models(settings))
            await app.work()
            async with (
                serving(web, before_stop=listening.release) as base,
                aiohttp.ClientSession(base) as http,
            ):
                keys = ApiKeys(app.database, app.clock, settings)
                yield House(app, llm, base, http, keys, listening, web)
        finally:
            await app.close(2.0)


def events_of(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, with their data."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found
