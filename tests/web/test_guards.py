"""What a request passes before any route sees it, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.web.answers import LIMIT, problem_of


@pytest.mark.parametrize(
    "host", ["localhost:80", "127.0.0.1", "127.8.0.1:9", "[::1]:80", "app.localhost", "BOT.example:443"]
)
async def test_own_hosts_pass(http: aiohttp.ClientSession, host: str) -> None:
    async with http.get("/livez", headers={"Host": host}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "bot.example.evil",
        "a@localhost",
        "",
        "10.0.0.1",
        "localhost:port",
        "[::1",
    ],
)
async def test_foreign_hosts_are_refused(http: aiohttp.ClientSession, host: str) -> None:
    async with http.get("/page", headers={"Host": host}) as response:
        # An empty or broken Host never reaches the application at some servers.
        assert response.status in (400, 421)
        assert "id" not in await response.text()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_foreign_page_changes_nothing(http: aiohttp.ClientSession, origin: str) -> None:
    async with http.post("/people", json={"name": "Ann", "age": 1}, headers={"Origin": origin}) as response:
        assert response.status == 403
        assert (await problem_of(response))["type"] == "urn:mnema:foreign_origin"


async def test_a_form_of_another_site_without_origin_is_refused(http: aiohttp.ClientSession) -> None:
    async with http.post("/raw", data=b"x", headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 403


async def test_own_page_programs_and_trusted_sites_may_change(http: aiohttp.ClientSession, base: str) -> None:
    for headers in ({}, {"Origin": base}, {"Origin": "https://trusted.example"}):
        async with http.post("/people", json={"name": "Ann", "age": 1}, headers=headers) as response:
            assert response.status == 200


async def test_a_trusted_site_gets_its_cors_answer_and_no_other(http: aiohttp.ClientSession) -> None:
    asked = {"Access-Control-Request-Method": "PUT"}
    async with http.options("/people", headers={"Origin": "https://trusted.example", **asked}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://trusted.example"
    async with http.options("/people", headers={"Origin": "https://evil.example", **asked}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_bodies_are_limited_announced_or_not(http: aiohttp.ClientSession) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (LIMIT // 4)

    async with http.post("/raw", data=b"x" * LIMIT) as response:
        assert await response.json() == LIMIT
    async with http.post("/raw", data=b"x" * (LIMIT + 1)) as response:
        assert response.status == 413
    async with http.post("/raw", data=drip()) as response:
        assert response.status == 413
        await problem_of(response)


async def test_request_ids_come_back_and_harmful_ones_are_replaced(http: aiohttp.ClientSession) -> None:
    async with http.get("/page", headers={"X-Request-ID": "abc-1"}) as response:
        assert response.headers["X-Request-ID"] == (await response.json())["id"] == "abc-1"
    async with http.get("/page", headers={"X-Request-ID": "a b\t<script>"}) as response:
        assert response.headers["X-Request-ID"].isalnum()


@pytest.mark.parametrize("path", ["/page", "/fail/bug", "/nowhere"])
async def test_every_answer_wears_the_headers(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Server" not in response.headers or "uvicorn" in response.headers["Server"]


async def test_files_are_checked_again_or_kept_for_good(http: aiohttp.ClientSession) -> None:
    async with http.get("/files/a.js") as response:
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    async with http.get("/files/a.js", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
    async with http.get("/files/a.js?v=1") as response:
        assert "immutable" in response.headers["Cache-Control"]
    for path in ("/files/..%2f..%2fetc%2fpasswd", "/files/", "/files/b.js"):
        async with http.get(path) as response:
            assert response.status == 404
