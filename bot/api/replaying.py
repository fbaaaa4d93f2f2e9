"""A POST with an Idempotency-Key: done once, answered the same as often as it is sent."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.api.services import services_of
from bot.api.streaming import EventStream
from bot.services.idempotency import Busy, Claimed, Idempotency, Reused, Stored
from bot.services.reach import Caller
from bot.web.problems import Problem

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_LONGEST_KEY = 255
_KEPT_HEADERS = ("content-type", "location")
_MOST_KEPT = 4 * 1024 * 1024
"""Bytes of an answer that is kept; of a larger one the request is done again."""

Handler = Callable[[Request], Awaitable[Response]]


class StillGoing(Problem):
    """Nobody waits any more, but what was asked goes on: asked again, it is found where it stands."""


async def replayed(request: Request, caller: Caller, handle: Handler) -> Response:
    """The answer of `handle`, or the one that was given first. Raises Problem (409, 422)."""
    key = request.headers.get(HEADER)
    if key is None:
        return await handle(request)
    if not 0 < len(key.strip()) <= _LONGEST_KEY:
        raise Problem(422, f"{HEADER} has 1 to {_LONGEST_KEY} characters.", code="invalid", field=HEADER)
    kept = _Kept(services_of(request).get(Idempotency), caller.id, key.strip())
    match await kept.begin(_digest(request, await request.body())):
        case Stored() as stored:
            return Response(stored.body, stored.status, {**stored.headers, REPLAYED: "true"})
        case Busy():
            raise Problem(
                409, "The first request with this key is still being answered.", code="in_flight",
                headers={"Retry-After": "1"},
            )  # fmt: skip
        case Reused():
            raise Problem(
                422, f"This {HEADER} was used for another request.", code="key_reused", field=HEADER
            )
        case Claimed(seed):
            request.state.seed = seed
    return await kept.answered(request, handle)


def seed_of(request: Request) -> str | None:
    """What ids may be drawn from so that a repeated request finds what the first one made."""
    seed = getattr(request.state, "seed", None)
    return seed if isinstance(seed, str) else None


def _digest(request: Request, body: bytes) -> str:
    kind = request.headers.get("content-type", "")
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    # Form libraries draw a new boundary each time they send the same form.
    content = body.replace(boundary, b"") if boundary else body
    address = f"{request.method} {request.url.path}?{request.url.query}"
    accepted = request.headers.get("accept", "")
    return hashlib.sha256(f"{address}\n{accepted}\n".encode() + content).hexdigest()


class _Kept:
    """One claimed key."""

    def __init__(self, answers: Idempotency, caller: str, key: str) -> None:
        self._answers, self._caller, self._key = answers, caller, key

    async def begin(self, digest: str) -> Claimed | Stored | Busy | Reused:
        return await self._answers.begin(self._caller, self._key, digest)

    async def answered(self, request: Request, handle: Handler) -> Response:
        """Do the request and keep a good answer; after a refusal the key is free again."""
        try:
            response = await handle(request)
        except BaseException as error:
            await self._failed(error)
            raise
        if response.status_code >= 400:
            await self._answers.release(self._caller, self._key)
        elif isinstance(response, StreamingResponse):
            response.body_iterator = self._watched(response, response.body_iterator)
        else:
            await self._finish(response, bytes(response.body))
        return response

    async def _failed(self, error: BaseException) -> None:
        """Free the key, or leave it to the next request when the work may go on."""
        if isinstance(error, Exception) and not isinstance(error, StillGoing):
            await self._answers.release(self._caller, self._key)
        else:
            await self._answers.abandon(self._caller, self._key)

    async def _watched(
        self, response: StreamingResponse, source: AsyncIterable[object]
    ) -> AsyncIterator[bytes]:
        """Pass a stream on and keep it once it is whole; one that broke off can be asked for again."""
        parts: list[bytes] = []
        whole = False
        try:
            async for part in source:
                sent = part.encode() if isinstance(part, str) else bytes(part)  # type: ignore[call-overload]
                parts.append(sent)
                yield sent
            whole = True
        finally:
            if not whole:
                await self._answers.abandon(self._caller, self._key)
        if isinstance(response, EventStream) and response.error is not None:
            await self._failed(response.error)
        else:
            await self._finish(response, b"".join(parts))

    async def _finish(self, response: Response, body: bytes) -> None:
        if len(body) > _MOST_KEPT:
            await self._answers.release(self._caller, self._key)
            return
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        await self._answers.finish(self._caller, self._key, Stored(response.status_code, headers, body))
