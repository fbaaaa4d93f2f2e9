"""Requests that are sent again where that is safe, and refusals as exceptions."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from bot.client.errors import ChatMemoryError, Unreachable, error_of

ATTEMPTS = 4
LONGEST_PAUSE = 10.0
"""Seconds between two attempts, whatever the server would like."""

_FIRST_PAUSE = 0.2
_TIMEOUT = 30.0
_PASSING = frozenset({429, 502, 503, 504})
_IN_FLIGHT = "urn:mnema:in_flight"


class Transport:
    """One server. Its connections are made at first use, again in each event loop.

    Every method is safe to send again: a POST goes out under an Idempotency-Key, one for all its attempts.
    """

    def __init__(self, base_url: str, api_key: str | None, timeout: float = _TIMEOUT) -> None:
        self._base = base_url.rstrip("/")
        self._key = api_key if api_key is not None else os.environ.get("MNEMA_API_KEY")
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._http: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Be ready for requests."""
        self._session()

    async def close(self) -> None:
        """Close the connections; the next request opens them again."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def send(
        self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None
    ) -> Any:
        """The JSON of the answer, None where there is none. Raises ChatMemoryError."""
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        asked = {name: str(value) for name, value in (params or {}).items() if value is not None}
        last: ChatMemoryError | None = None
        for attempt in range(ATTEMPTS):
            if last is not None:
                await asyncio.sleep(_pause(attempt, last))
            try:
                return await self._once(method, path, body, asked, headers)
            except ChatMemoryError as error:
                if error.status == 404 and method == "DELETE" and last is not None:
                    return None  # the attempt whose answer was lost had deleted it
                if not _passes(error):
                    raise
                last = error
        assert last is not None
        raise last

    async def _once(
        self, method: str, path: str, body: Any, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> Any:
        # Encoded already: ids may hold anything, dots and percent signs among it.
        address = URL(f"{self._base}{path}", encoded=True)
        try:
            async with self._session().request(
                method, address, json=body, params=params, headers=headers, allow_redirects=False
            ) as answer:
                found = _parsed(await answer.text(errors="replace"))
                status, wait = answer.status, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise Unreachable(
                f"{self._base} cannot be reached: {str(error) or 'it took too long'}."
            ) from error
        except aiohttp.ClientError as error:
            raise ChatMemoryError(f"{address} gives no answer of HTTP: {error}.") from error
        if 200 <= status < 300:
            return found
        refused = error_of(status, found)
        if wait.isdigit():
            refused.retry_after = float(wait)
        raise refused

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._http is None or self._http.closed or self._loop is not loop:
            self._http, self._loop = aiohttp.ClientSession(timeout=self._timeout), loop
        return self._http


def _passes(error: ChatMemoryError) -> bool:
    if isinstance(error, Unreachable) or error.status in _PASSING:
        return True
    return error.status == 409 and error.type == _IN_FLIGHT


def _pause(attempt: int, error: ChatMemoryError) -> float:
    own: float = _FIRST_PAUSE * 2 ** (attempt - 1)
    return min(LONGEST_PAUSE, max(own, error.retry_after or 0.0))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
