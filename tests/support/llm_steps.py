"""What the scripted model server can be told to do with one request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A text answer. `chunks` is the number of stream deltas or the deltas themselves; `delay` seconds lie
    between them. `usage` is (prompt, completion) tokens, estimated when None. `content_type` None sends none.
    """

    text: str | None
    chunks: int | Sequence[str] | None = None
    delay: float = 0.0
    finish: str = "stop"
    usage: tuple[int, int] | None = None
    content_type: str | None = "auto"

    def pieces(self) -> list[str]:
        """The deltas of the stream, in order."""
        text = self.text or ""
        if self.chunks is None:
            return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]
        if isinstance(self.chunks, int):
            size = max(1, -(-len(text) // self.chunks))
            return [text[i : i + size] for i in range(0, len(text), size)]
        return list(self.chunks)


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Tool calls, several in parallel; arguments given as a string go out as they are, valid JSON or not."""

    calls: Sequence[tuple[str, Mapping[str, Any] | str]]
    text: str | None = None
    delay: float = 0.0
    usage: tuple[int, int] | None = None

    def arguments(self) -> list[tuple[str, str]]:
        """Names with the raw JSON text of their arguments."""
        return [
            (name, args if isinstance(args, str) else json.dumps(args, ensure_ascii=False))
            for name, args in self.calls
        ]


@dataclass(frozen=True, slots=True)
class HttpError:
    """A refusal by status code; a plain-string body goes out as text, a mapping as JSON."""

    status: int
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hang:
    """Silence for `seconds` before the first byte, then the connection is closed."""

    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A stream that breaks after `after_chunks` deltas of `text` (a plain answer after half its bytes).

    `how`: "clean" ends the body properly but without a finish reason or [DONE]; "drop" closes inside it;
    "reset" sends RST, before any byte of the answer when `after_chunks` is 0.
    """

    text: str = "this sentence will never be finished"
    after_chunks: int = 3
    how: Literal["clean", "drop", "reset"] = "clean"


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes of a body exactly as given."""

    body: bytes
    status: int = 200
    content_type: str | None = "application/json"


@dataclass(frozen=True, slots=True)
class NoChoices:
    """A well-formed answer whose list of choices is empty."""


@dataclass(frozen=True, slots=True)
class Drip:
    """A stream of keep-alive comments every `interval` seconds and nothing else, until the client goes."""

    interval: float = 0.05


Step = Text | ToolCalls | HttpError | Hang | Cut | Raw | Drip | NoChoices
Scripted = Step | Callable[[Body], Step]


def openai_error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> Body:
    """The error object as the field's servers send it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def endless_tool_calls(name: str, arguments: Mapping[str, Any] | None = None) -> Callable[[Body], ToolCalls]:
    """A default that calls one tool for ever: with the same arguments, or numbered ones if none are given."""

    def step(body: Body) -> ToolCalls:
        args = {"n": len(body["messages"])} if arguments is None else arguments
        return ToolCalls([(name, args)])

    return step


def _refusal(status: int, message: str, kind: str, code: str | None = None, **headers: str) -> HttpError:
    return HttpError(
        status, openai_error(message, kind, code), {k.replace("_", "-"): v for k, v in headers.items()}
    )


FAULTS: Mapping[str, Step] = {
    "reset-before-reply": Cut(after_chunks=0, how="reset"),
    "reset-mid-stream": Cut(how="reset"),
    "dropped-mid-stream": Cut(how="drop"),
    "cut-without-done": Cut(how="clean"),
    "hang": Hang(),
    "keepalive-drip": Drip(),
    "html-200": Raw(
        b"<!doctype html><title>Sign in</title><h1>Captive portal</h1>", content_type="text/html"
    ),
    "error-json-200": Raw(json.dumps(openai_error("The engine is overloaded", "server_error")).encode()),
    "error-event": Raw(
        b'data: {"error": {"message": "engine died", "type": "server_error", "code": 500}}\n\n',
        content_type="text/event-stream",
    ),
    "bad-sse-json": Raw(
        b'data: {"id": "x", "choices": [{"del\n\ndata: [DONE]\n\n', content_type="text/event-stream"
    ),
    "not-json": Raw(b'{"id": "x", "choices": [', content_type="application/json"),
    "empty-body": Raw(b"", content_type="application/json"),
    "empty-choices": NoChoices(),
    "null-content": Text(None),
    "no-content-type": Text("an answer without a content type", content_type=None),
    "401": _refusal(401, "Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
    "402": _refusal(402, "Insufficient credits", "payment_required"),
    "403": _refusal(403, "Your country is not supported", "request_forbidden", "unsupported_country"),
    "404": _refusal(404, "The model does not exist", "invalid_request_error", "model_not_found"),
    "413": HttpError(413, "<html><h1>413 Request Entity Too Large</h1></html>"),
    "context-too-long": _refusal(
        400,
        "This model's maximum context length is 8192 tokens",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    "429-short": _refusal(429, "Rate limit reached", "tokens", "rate_limit_exceeded", retry_after="1"),
    "429-long": _refusal(429, "Rate limit reached", "requests", "rate_limit_exceeded", retry_after="3600"),
    "429-quota": _refusal(429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
    "500": _refusal(500, "The server had an error", "server_error"),
    "502-html": HttpError(502, "<html><h1>502 Bad Gateway</h1></html>"),
    "503": _refusal(503, "The engine is overloaded", "server_error"),
    "length": Text("the answer stops in the mid", finish="length"),
    "content-filter": Text("", finish="content_filter"),
    "bad-arguments": ToolCalls([("save_user_fact", '{"text": "lives in Ky')]),
    "unknown-tool": ToolCalls([("no_such_tool", {"x": 1})]),
    "ten-megabytes": Text("0123456789abcdef" * 655_360, chunks=160),
}
"""Every fault by name. Connection refused is `ScriptedLLM.down()`, endless calls `endless_tool_calls()`."""
