"""The doctor's look at an endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.llm.probe import ProbeResult, find_ollama, probe
from tests.llm.room import KEY
from tests.support.llm_server import FAULTS, Hang, Text, scripted_llm


@pytest.mark.parametrize(
    ("dialect", "tools", "vision"),
    [("openai", True, True), ("ollama-no-tools", False, True), ("no-vision", True, False)],
)
async def test_probe_tells_what_the_model_can(dialect: str, tools: bool, vision: bool) -> None:
    async with scripted_llm(dialect) as server:
        server.script(Text("one two three", delay=0.02), Text("red"))
        found = await probe(server.base_url, KEY, "some-model")
        assert found == ProbeResult(True, True, tools=tools, vision=vision, streaming=True)
        server.assert_complete()


async def test_probe_of_a_wrong_key_and_of_an_unknown_model() -> None:
    async with scripted_llm() as server:
        server.script(FAULTS["401"], FAULTS["404"])
        assert await probe(server.base_url, KEY, "m") == ProbeResult(True, None, error="auth")
        assert await probe(server.base_url, KEY, "m") == ProbeResult(True, False, error="not_found")


async def test_probe_of_nothing_and_of_silence() -> None:
    async with scripted_llm() as server:
        server.script(Hang())
        assert await probe(server.base_url, KEY, "m", timeout=0.3) == ProbeResult(True, None, error="timeout")
    assert await probe("http://127.0.0.1:9/v1", KEY, "m") == ProbeResult(False, None, error="unavailable")


@asynccontextmanager
async def listing(answer: Response) -> AsyncIterator[str]:
    """A server that lists models and does nothing else."""

    async def models(request: Request) -> Response:
        return answer

    config = uvicorn.Config(Starlette(routes=[Route("/v1/models", models)]), port=0, log_level="error")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        await server.shutdown()


MODELS: dict[str, Any] = {"object": "list", "data": [{"id": "qwen3"}, {"id": "bge-m3"}]}


async def test_an_ollama_is_found_and_none_is_none() -> None:
    async with listing(JSONResponse(MODELS)) as url:
        assert await find_ollama(url) == ["bge-m3", "qwen3"]
    async with listing(Response("<html>", media_type="text/html")) as url:
        assert await find_ollama(url) is None
    async with listing(JSONResponse({"error": "no"}, 500)) as url:
        assert await find_ollama(url) is None
    assert await find_ollama("http://127.0.0.1:9/v1") is None
