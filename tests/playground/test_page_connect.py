"""Connecting a model and Telegram: checked first, written to `.env`, never repeated."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from dotenv import dotenv_values

from bot.core.errors import LLMError
from bot.playground.connect import ModelStatus, connect_routes
from bot.web.app import make_web
from tests.support.emulator import running_emulator
from tests.support.serving import serving

TOKEN = "7000000001:a-good-token-that-the-emulator-knows"
STRANGE = "7000000001:another-token-that-nobody-knows00"


class Endpoint:
    """Stands for the check of a model; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.status = ModelStatus("rehearsal", "mnema-rehearsal")

    async def probe(self, base_url: str, api_key: str, model: str) -> None:
        self.asked.append((base_url, api_key, model))
        if api_key == "wrong-key":
            raise LLMError("auth", "401 for wrong-key")

    async def state(self) -> ModelStatus:
        return self.status


@asynccontextmanager
async def connecting(folder: Path, endpoint: Endpoint, telegram: str) -> AsyncIterator[aiohttp.ClientSession]:
    routes = connect_routes(
        probe=endpoint.probe, status=endpoint.state, telegram_api=telegram, env_file=folder / ".env"
    )
    async with serving(make_web([routes])) as base, aiohttp.ClientSession(base) as http:
        yield http


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        running_emulator(token=TOKEN) as telegram,
        connecting(tmp_path, Endpoint(), telegram.telegram_url) as session,
    ):
        yield session


async def connect(http: aiohttp.ClientSession, token: str) -> tuple[int, dict[str, Any], str]:
    async with http.post("/playground/api/connect", json={"token": token}) as response:
        return response.status, await response.json(), await response.text()


async def test_a_good_token_is_written_and_not_repeated(
    http: aiohttp.ClientSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / ".env").write_text("ACCESS=open\n")
    status, body, text = await connect(http, f"  {TOKEN}\n")
    assert status == 200
    assert body == {"name": "Mnema", "username": "mnema_bot", "needs_model": True, "next": "restart"}
    assert dotenv_values(tmp_path / ".env") == {"ACCESS": "open", "BOT_TOKEN": TOKEN}
    secret = TOKEN.partition(":")[2]
    assert secret not in text
    assert secret not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("bot.web"))
    assert secret not in "\n".join(r.getMessage() for r in caplog.records if "connect" in r.name)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (STRANGE, "urn:mnema:telegram.refused"),
        ("hello", "urn:mnema:telegram.form"),
        ("", "urn:mnema:telegram.form"),
        (f"{TOKEN}\nOWNER_ID=1", "urn:mnema:invalid"),
        (f"{TOKEN} x", "urn:mnema:invalid"),
        (f"{TOKEN}/../x", "urn:mnema:telegram.form"),
    ],
)
async def test_a_bad_token_is_told_in_a_sentence_and_not_written(
    http: aiohttp.ClientSession, tmp_path: Path, token: str, code: str
) -> None:
    status, body, text = await connect(http, token)
    assert (status, body["type"]) == (422, code)
    assert body["field"] == "token"
    assert body["detail"].endswith(".")
    assert not token or token not in text
    assert not (tmp_path / ".env").exists()


async def test_no_way_to_telegram(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with connecting(tmp_path, Endpoint(), "http://127.0.0.1:1") as http:
        status, body, _ = await connect(http, TOKEN)
    assert (status, body["type"]) == (502, "urn:mnema:telegram.unreachable")
    assert TOKEN not in caplog.text
    assert not (tmp_path / ".env").exists()


async def test_an_unwritable_folder_is_told(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    status, body, _ = await connect(http, TOKEN)
    assert (status, body["type"]) == (500, "urn:mnema:env.write")


async def post_model(http: aiohttp.ClientSession, **form: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/playground/api/model", json=form) as response:
        return response.status, await response.json()


async def test_a_model_is_asked_then_written(tmp_path: Path) -> None:
    endpoint = Endpoint()
    async with connecting(tmp_path, endpoint, "http://127.0.0.1:1") as http:
        form = {"base_url": "http://127.0.0.1:11434/v1/", "api_key": "sk-secret", "model": "qwen3:4b"}
        assert await post_model(http, **form) == (200, {"model": "qwen3:4b", "next": "restart"})
        assert endpoint.asked == [("http://127.0.0.1:11434/v1", "sk-secret", "qwen3:4b")]
        written = dotenv_values(tmp_path / ".env")
        assert written == {
            "LLM_BASE_URL": "http://127.0.0.1:11434/v1",
            "LLM_API_KEY": "sk-secret",
            "LLM_MODEL": "qwen3:4b",
        }
        assert (await post_model(http, model="gpt-4o-mini", api_key="sk-2"))[0] == 200
        assert dotenv_values(tmp_path / ".env") == {"LLM_API_KEY": "sk-2", "LLM_MODEL": "gpt-4o-mini"}


@pytest.mark.parametrize(
    ("form", "code", "field"),
    [
        ({"model": "m", "api_key": "wrong-key"}, "urn:mnema:model.auth", None),
        ({"model": ""}, "urn:mnema:invalid", "model"),
        ({"model": "m\nBOT_TOKEN=1:x"}, "urn:mnema:invalid", "model"),
        ({"model": "m", "api_key": "k\nBOT_TOKEN=1:x"}, "urn:mnema:invalid", "api_key"),
        ({"model": "m", "base_url": "file:///etc/passwd"}, "urn:mnema:invalid", "base_url"),
        ({"model": "m", "base_url": "http://a\nB=1"}, "urn:mnema:invalid", "base_url"),
        ({"model": "a${HOME}"}, "urn:mnema:env.value", None),
    ],
)
async def test_a_bad_model_is_not_written(
    http: aiohttp.ClientSession, tmp_path: Path, form: dict[str, str], code: str, field: str | None
) -> None:
    status, body = await post_model(http, **form)
    assert (status, body["type"], body.get("field")) == (422, code, field)
    assert not any(value in str(body) for value in form.values() if len(value) > 1)
    assert not (tmp_path / ".env").exists()


async def test_the_state_of_the_model(tmp_path: Path) -> None:
    endpoint = Endpoint()
    endpoint.status = ModelStatus("real", "qwen3:4b", ("qwen3:4b", "llama3.2"))
    async with (
        connecting(tmp_path, endpoint, "http://127.0.0.1:1") as http,
        http.get("/playground/api/model") as response,
    ):
        assert await response.json() == {
            "mode": "real",
            "model": "qwen3:4b",
            "ollama": ["qwen3:4b", "llama3.2"],
            "ollama_url": "http://127.0.0.1:11434/v1",
        }
