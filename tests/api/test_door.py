"""The open API of one's own machine, limits, and the product's two ways of serving."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.api.pace import Pace
from bot.app.api import closed_by
from bot.core.errors import ConfigError
from bot.settings import Settings
from tests.api.house import api_settings, running_house
from tests.support.clock import ManualClock
from tests.support.llm_server import scripted_llm
from tests.support.waiting import until

JOBS = "/api/v1/jobs"


async def test_without_keys_only_this_machine_by_its_own_name(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    async with running_house(sqlite_database_url, tmp_path, closed=False, hosts=["*"]) as house:
        for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "bot.localhost"):
            assert (await house.ask("GET", JOBS, headers={"Host": host}))[0] == 200
        # A key of another bot, in everybody's environment, is no hindrance.
        assert (await house.ask("GET", JOBS, "mn_00000000_" + "0" * 64))[0] == 200
        for host in ("evil.example", "localhost.evil.example", "localhost@evil.example", "192.0.2.1"):
            assert (await house.ask("GET", JOBS, headers={"Host": host}))[0] == 421
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
            assert (await house.ask("GET", JOBS, headers={header: "192.0.2.1"}))[0] == 421
        status, profile, _ = await house.ask("GET", "/api/v1/users/500000001/profile")
        assert (status, profile["type"]) == (404, "urn:mnema:not_found")
        change = {"timezone": "Europe/Kyiv", "communication_style": "like a pirate"}
        for user in ("500000001", "anna"):
            path = f"/api/v1/users/{user}/profile"
            assert (await house.ask("PATCH", path, json=change))[0] == 200
            status, profile, _ = await house.ask("GET", path)
            assert (status, profile["user_id"]) == (200, user)
            assert change.items() <= profile.items()
        status, problem, _ = await house.ask("PATCH", path, json={"timezone": "Atlantis"})
        assert (status, problem["field"]) == (422, "timezone")


async def test_a_caller_that_asks_too_often_waits(sqlite_database_url: str, tmp_path: Path) -> None:
    async with running_house(sqlite_database_url, tmp_path, api_rate_per_minute=3) as house:
        eager, calm = await house.key(scopes="admin"), await house.key(scopes="admin")
        assert [(await house.ask("GET", JOBS, eager))[0] for _ in range(4)] == [200, 200, 200, 429]
        status, problem, headers = await house.ask("GET", JOBS, eager)
        assert (status, problem["type"]) == (429, "urn:mnema:too_many")
        assert 1 <= int(headers["Retry-After"]) <= 20
        assert (await house.ask("GET", JOBS, calm))[0] == 200
        status, _, headers = await house.ask("GET", JOBS, eager, headers={"Origin": "https://pages.example"})
        assert (status, headers["Access-Control-Allow-Origin"]) == (429, "https://pages.example")
        assert "Retry-After" in headers["Access-Control-Expose-Headers"]


def test_a_bucket_fills_again(clock: ManualClock) -> None:
    pace = Pace(60, clock)
    assert [pace.take("a") for _ in range(61)] == [0] * 60 + [1]
    clock.advance(1)
    assert (pace.take("a"), pace.take("a"), pace.take("b")) == (0, 1, 0)
    clock.advance(3600)
    assert [pace.take("a") for _ in range(61)] == [0] * 60 + [1]


def test_an_open_api_stays_off_public_addresses() -> None:
    common: dict[str, Any] = {"api_auth": "off", "webhook_secret": SecretStr("s")}
    assert closed_by(Settings())
    assert not closed_by(Settings(**common))
    with pytest.raises(ConfigError, match="API_AUTH=off does not go with WEBHOOK_URL"):
        closed_by(Settings(**common, webhook_url="https://bot.example/hook"))


async def test_the_playground_answers_the_printed_line(tmp_path: Path, unused_tcp_port: int) -> None:
    from bot.app.playing import run_playground

    page = "https://pages.example"
    settings = Settings(data_dir=tmp_path, http_port=unused_tcp_port, cors_origins=(page,))
    base, stop = f"http://localhost:{unused_tcp_port}", asyncio.Event()
    async with asyncio.TaskGroup() as group, aiohttp.ClientSession(base) as http:
        playing = group.create_task(run_playground(settings, stop))
        try:
            await until(lambda: _open(http), 60)
            body = {"prompt": "Привет! Меня зовут Иван, я программист", "model": "llama3.2"}
            async with http.post("/chat/", json=body) as response:
                assert response.status == 200, await response.text()
                assert "Иван" in (await response.json())["response"]
            async with http.post("/chat/", json={"prompt": "Hi"}, headers={"Origin": page}) as response:
                assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, page)
            async with http.post("/chat/", json=body, headers={"Origin": f"{page}.evil"}) as response:
                assert response.status == 403
        finally:
            stop.set()
            await playing


async def _open(http: aiohttp.ClientSession) -> bool:
    """While the bot inside starts, the API says so."""
    try:
        async with http.get(JOBS) as response:
            assert response.status in (200, 503)
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def test_the_bot_at_telegram_asks_for_keys(
    sqlite_database_url: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    from bot.app.running import run_bot
    from tests.support.emulator import running_emulator

    base, stop = f"http://localhost:{unused_tcp_port}", asyncio.Event()
    async with scripted_llm() as llm, running_emulator() as telegram, aiohttp.ClientSession(base) as http:
        settings = api_settings(
            sqlite_database_url, tmp_path, llm,
            bot_token=SecretStr(telegram.token), telegram_api_url=telegram.telegram_url,
            http_port=unused_tcp_port, cors_origins=("https://pages.example",),
        )  # fmt: skip

        async def refused() -> bool:
            try:
                async with http.get(JOBS) as response:
                    return response.status == 401
            except aiohttp.ClientConnectionError:
                return False

        async with asyncio.TaskGroup() as group:
            running = group.create_task(run_bot(settings, stop))
            try:
                await until(refused, 60)
                async with http.get("/openapi.json", headers={"Origin": "https://pages.example"}) as response:
                    assert "/chat/" in (await response.json())["paths"]
                    assert response.headers["Access-Control-Allow-Origin"] == "https://pages.example"
            finally:
                stop.set()
                await running
