"""Errors as people and programs read them."""

from __future__ import annotations

import logging
from typing import Any, get_args

import aiohttp
import pytest

from bot.core.errors import LLMError, LLMErrorKind, MnemaError
from bot.web.app import make_web
from bot.web.problems import plain_sentence, status_of
from tests.support.serving import serving
from tests.web.answers import problem_of


@pytest.mark.parametrize(
    ("kind", "status", "more"),
    [
        ("missing", 404, {"type": "urn:mnema:not_found"}),
        ("forbidden", 403, {}),
        ("invalid", 422, {"field": "minutes"}),
        ("model", 503, {"type": "urn:mnema:llm.rate_limited"}),
        ("problem", 409, {"detail": "It is there already.", "type": "urn:mnema:exists", "where": "here"}),
    ],
)
async def test_errors_of_the_house(
    http: aiohttp.ClientSession, kind: str, status: int, more: dict[str, str]
) -> None:
    async with http.get(f"/fail/{kind}") as response:
        assert response.status == status
        body = await problem_of(response)
    assert more.items() <= body.items()
    for private in ("row 7", "secret reason", "minutes=-1", "body of the endpoint"):
        assert private not in str(body)


async def test_retry_after_is_told(http: aiohttp.ClientSession) -> None:
    async with http.get("/fail/model") as response:
        assert response.headers["Retry-After"] == "7"


async def test_a_bug_is_logged_and_not_told(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "bot.web.guards"):
        async with http.get("/fail/bug", headers={"X-Request-ID": "find-me"}) as response:
            assert response.status == 500
            body = await problem_of(response)
    assert body["request_id"] == "find-me"
    assert "secret" not in str(body)
    assert "with a secret" in caplog.text


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"json": {"name": "Ann"}}, "age"),
        ({"json": {"name": "Ann", "age": "hunter2"}}, "age"),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, ""),
        ({"json": []}, ""),
    ],
)
async def test_a_bad_body_names_its_field_and_repeats_no_value(
    http: aiohttp.ClientSession, sent: dict[str, Any], field: str
) -> None:
    async with http.post("/people", **sent) as response:
        assert response.status == 422
        body = await problem_of(response)
    assert body["field"] == field
    assert body["detail"].startswith(field)
    assert "hunter2" not in str(body)


async def test_unknown_addresses_and_methods(http: aiohttp.ClientSession) -> None:
    async with http.get("/nowhere") as response:
        assert response.status == 404
        await problem_of(response)
    async with http.delete("/page") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET"
        await problem_of(response)


async def test_no_documentation_from_other_hosts(http: aiohttp.ClientSession) -> None:
    for path in ("/docs", "/redoc"):
        async with http.get(path) as response:
            assert response.status == 404
    async with http.get("/openapi.json") as response:
        assert (await response.json())["info"]["title"] == "Mnema"


async def test_readiness_speaks_for_the_bot() -> None:
    found: dict[str, Any] = {"ready": True, "database": "ok"}

    async def readiness() -> dict[str, Any]:
        return found

    async with serving(make_web([], readiness=readiness)) as address, aiohttp.ClientSession(address) as http:
        async with http.get("/readyz") as response:
            assert (response.status, await response.json()) == (200, {"status": "ready", "database": "ok"})
        found |= {"ready": False, "database": "not writable"}
        async with http.get("/readyz") as response:
            assert response.status == 503
            assert await response.json() == {"status": "not ready", "database": "not writable"}


def test_every_kind_of_model_error_has_a_sentence_and_a_status() -> None:
    unknown = plain_sentence(MnemaError("x"))
    for kind in get_args(LLMErrorKind):
        assert plain_sentence(LLMError(kind)) != unknown
        assert 400 <= status_of(LLMError(kind)) < 600
