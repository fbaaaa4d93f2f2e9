"""A scripted OpenAI-compatible server for tests: `async with scripted_llm() as llm: ...`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.support.llm_dialects import DIALECT, DIALECTS, Dialect, bad_request
from tests.support.llm_steps import (
    FAULTS,
    Body,
    Cut,
    Drip,
    Hang,
    HttpError,
    NoChoices,
    Raw,
    Scripted,
    Step,
    Text,
    ToolCalls,
    endless_tool_calls,
    openai_error,
)
from tests.support.llm_wire import ClientGone, Exchange, Wire

__all__ = [
    "DIALECT", "DIALECTS", "FAULTS", "Cut", "Dialect", "Drip", "Hang", "HttpError", "NoChoices", "Raw",
    "Received", "ScriptedLLM", "Step", "Text", "ToolCalls", "endless_tool_calls", "openai_error",
    "scripted_llm",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


class ScriptedLLM:
    """Answers chat requests with the queued steps, then with the default; an unexpected one fails the test.

    `requests` holds what came in, chat completions only; `paid` counts the answers that went out whole;
    `abandoned` counts the answers whose client hung up.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.requests: list[Received] = []
        self.ledger: list[Body] = []
        self.abandoned = 0
        self.problems: list[str] = []
        self.dimensions = 64
        self._steps: deque[Scripted] = deque()
        self._default: Callable[[Body], Step] | None = None
        self._exchanges: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._gone = asyncio.Event()

    @property
    def base_url(self) -> str:
        """What belongs into LLM_BASE_URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def paid(self) -> int:
        """How many answers went out whole."""
        return len(self.ledger)

    def paid_twice(self) -> list[Body]:
        """Bodies that were answered whole more than once."""
        seen = Counter(json.dumps(body, sort_keys=True) for body in self.ledger)
        return [json.loads(body) for body, times in seen.items() if times > 1]

    async def until_abandoned(self, seconds: float = 2.0) -> None:
        """Wait until some client hung up before its answer was whole; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._gone.wait()

    def script(self, *steps: Scripted) -> None:
        """Queue steps; a callable gets the body and returns the step."""
        self._steps.extend(steps)

    def default(self, answer: Callable[[Body], Step]) -> None:
        """Answer with this whenever the queue is empty."""
        self._default = answer

    def assert_complete(self) -> None:
        """Every queued step was used and no request came beside the script."""
        assert not self.problems, self.problems
        assert not self._steps, f"{len(self._steps)} scripted steps were never asked for: {list(self._steps)}"

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Connections are refused meanwhile; the same port opens again afterwards."""
        await self.close()
        try:
            yield
        finally:
            await self.open()

    async def open(self) -> None:
        """Listen on loopback, on a free port at the first time."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=1 << 20)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop what is under way."""
        if self._server is None:
            return
        self._server.close()
        running = tuple(self._exchanges)
        for exchange in running:
            exchange.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._exchanges.add(task)
        try:
            await self._answer(reader, Wire(reader, writer))
        except (ClientGone, ConnectionError):
            self.abandoned += 1
            self._gone.set()
        except asyncio.IncompleteReadError:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._exchanges.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, wire: Wire) -> None:
        request = await _read(reader)
        if not request.headers.get("authorization", "").partition(" ")[2].strip():
            await self._exchange(
                wire, request, HttpError(401, openai_error("You didn't provide an API key."))
            )
        elif request.path.endswith("/embeddings"):
            await self._exchange(wire, request, Raw(json.dumps(self._embed(request.body)).encode()))
        elif request.path.endswith("/chat/completions"):
            self.requests.append(request)
            await self._exchange(
                wire, request, self.dialect.refusal(request.body) or self._next(request.body)
            )
        else:
            await self._exchange(wire, request, HttpError(404, openai_error(f"Unknown path {request.path}")))

    async def _exchange(self, wire: Wire, request: Received, step: Step) -> None:
        if await Exchange(wire, request.body if isinstance(request.body, dict) else {}, self.dialect).play(
            step
        ):
            self.ledger.append(request.body)

    def _next(self, body: Body) -> Step:
        step: Scripted | None = self._steps.popleft() if self._steps else self._default
        if step is None:
            self.problems.append(f"request beside the script: {str(body['messages'][-1])[:300]}")
            return bad_request("the script has no answer to this request", "script_exhausted")
        if not callable(step):
            return step
        try:
            return step(body)
        except Exception as error:  # noqa: BLE001 - whatever the test's own code raises
            self.problems.append(f"the test's own step raised {error!r}")
            return bad_request("the test's own step raised", "script_broken")

    def _embed(self, body: Body) -> Body:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        rows = [
            {"object": "embedding", "index": i, "embedding": _trigram_vector(text, self.dimensions)}
            for i, text in enumerate(texts)
        ]
        tokens = sum(len(text.encode()) for text in texts) // 4
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": rows, "model": body.get("model"), "usage": usage}


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    return Received(first.split(" ")[1], headers, body)


def _trigram_vector(text: str, dimensions: int) -> list[float]:
    """A unit vector in which texts that share letters lie close: lexical, but honest and repeatable."""
    vector = [0.0] * dimensions
    padded = f"  {text.casefold()} "
    for start in range(len(padded) - 2):
        digest = hashlib.blake2b(padded[start : start + 3].encode(), digest_size=4).digest()
        vector[int.from_bytes(digest) % dimensions] += 1.0
    norm = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / norm for x in vector]


@asynccontextmanager
async def scripted_llm(dialect: str | Dialect = "openai") -> AsyncIterator[ScriptedLLM]:
    """Serve on loopback for the length of the block; leaving it checks that no step of the test broke."""
    llm = ScriptedLLM(DIALECT[dialect] if isinstance(dialect, str) else dialect)
    await llm.open()
    try:
        yield llm
    finally:
        await llm.close()
    broken = [problem for problem in llm.problems if "raised" in problem]
    assert not broken, broken
