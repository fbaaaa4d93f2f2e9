"""Server-sent events: what happens as it happens, kept alive, with errors told inside the stream."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from bot.core.errors import MnemaError
from bot.web.problems import Problem, problem, problem_of

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
"""Silence after which a source should yield None, so that proxies do not close the stream."""

_COMMENT = b": keep-alive\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` goes out as JSON."""

    name: str
    data: Any


class EventStream(StreamingResponse):
    """A `text/event-stream` of a source's events; None in it becomes a comment that keeps the stream open.

    An error of the source ends the stream with an `error` event that holds the problem, and is kept as
    `error`. When the client goes, the source is closed.
    """

    media_type = "text/event-stream"

    def __init__(
        self, source: AsyncGenerator[Event | None, None], headers: Mapping[str, str] | None = None
    ) -> None:
        # Buffering proxies (nginx) would hold back what should be seen at once.
        shown = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})}
        self.error: Exception | None = None
        super().__init__(self._encoded(source), headers=shown)

    async def _encoded(self, source: AsyncGenerator[Event | None, None]) -> AsyncIterator[bytes]:
        async with aclosing(source):
            try:
                async for event in source:
                    yield encode(event)
            except (MnemaError, Problem) as error:
                self.error = error
                yield _told(problem_of(error))
            except Exception as error:  # the edge of the stream: its status went out long ago
                log.exception("an event stream broke")
                self.error = error
                yield _told(problem(500, "Something went wrong in the bot; its log has the details."))


def encode(event: Event | None) -> bytes:
    """The bytes of one event."""
    if event is None:
        return _COMMENT
    return f"event: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n".encode()


def _told(response: Response) -> bytes:
    return encode(Event("error", json.loads(bytes(response.body))))
