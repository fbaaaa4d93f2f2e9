"""Reading what the application answers."""

from __future__ import annotations

from typing import Any

import aiohttp

LIMIT = 10_000  # bytes that the small application takes


async def problem_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = await response.json()
    assert body["status"] == response.status
    assert body["title"]
    assert body["type"]
    assert body["detail"].endswith(".")
    return body
