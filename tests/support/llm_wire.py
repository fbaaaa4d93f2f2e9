"""One HTTP exchange of the scripted model server, byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from tests.support.llm_dialects import Dialect
from tests.support.llm_steps import Body, Cut, Drip, Hang, HttpError, NoChoices, Raw, Step, Text, ToolCalls

SSE = "text/event-stream"
JSON = "application/json"


class ClientGone(Exception):
    """The client closed its side before the answer was complete."""


class Wire:
    """A connection that answers one request; chunked bodies tell a drop from an end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def head(
        self, status: int, content_type: str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send status line and headers."""
        lines = [f"HTTP/1.1 {status} Scripted", "Connection: close", "Transfer-Encoding: chunked"]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        await self._flush("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        if data:
            await self._flush(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self, data: bytes = b"") -> None:
        """Send the last part and end the body, in one write: clients hang up at [DONE]."""
        last = f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""
        await self._flush(last + b"0\r\n\r\n")

    async def pause(self, seconds: float) -> None:
        """Wait; raises ClientGone as soon as the client hangs up."""
        try:
            async with asyncio.timeout(seconds):
                if not await self._reader.read(1):
                    raise ClientGone
        except TimeoutError:
            return

    def reset(self) -> None:
        """Send RST instead of a proper close."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def _flush(self, data: bytes) -> None:
        if self._reader.at_eof():
            raise ClientGone
        self._writer.write(data)
        await self._writer.drain()


class Exchange:
    """Plays one step in one dialect as the answer to one body."""

    def __init__(self, wire: Wire, body: Body, dialect: Dialect) -> None:
        self._wire, self._body, self._dialect = wire, body, dialect
        self._stream = bool(body.get("stream"))
        self._envelope = {
            "id": f"chatcmpl-{uuid4().hex[:12]}",
            "created": int(time.time()),
            "model": body.get("model", ""),
        }

    async def play(self, step: Step) -> bool:
        """Send the step; true when a whole answer went out, which is what a provider bills."""
        match step:
            case Text() | ToolCalls():
                await (self._streamed(step) if self._stream else self._whole(step))
                return True
            case HttpError():
                await self._refuse(step)
            case Hang(seconds):
                await self._wire.pause(seconds)
            case Cut():
                await self._cut(step)
            case Raw(content, status, content_type):
                await self._wire.head(status, content_type)
                await self._wire.end(content)
            case NoChoices():
                await self._wire.head(200, SSE if self._stream else JSON)
                await self._wire.end(
                    self._event([]) + b"data: [DONE]\n\n" if self._stream else _dump(self._body_of([]))
                )
            case Drip(interval):
                await self._wire.head(200, SSE)
                while True:
                    await self._wire.send(b": keep-alive\n\n")
                    await self._wire.pause(interval)
        return False

    async def _refuse(self, step: HttpError) -> None:
        text = isinstance(step.body, str)
        await self._wire.head(step.status, "text/html" if text else JSON, step.headers)
        await self._wire.end(str(step.body).encode() if text else _dump(step.body or {}))

    async def _cut(self, step: Cut) -> None:
        if step.how == "reset" and step.after_chunks == 0:
            return self._wire.reset()
        await self._wire.head(200, SSE if self._stream else JSON)
        if self._stream:
            for piece in Text(step.text).pieces()[: step.after_chunks]:
                await self._wire.send(self._delta({"content": piece}))
        else:
            whole = _dump(
                self._body_of([{"index": 0, "message": {"role": "assistant", "content": step.text}}])
            )
            await self._wire.send(whole[: len(whole) // 2])
        # Bytes still under way when RST is sent are lost: let the client take them first.
        await self._wire.pause(0.05)
        if step.how == "clean":
            await self._wire.end()
        elif step.how == "reset":
            self._wire.reset()
        return None

    async def _whole(self, step: Text | ToolCalls) -> None:
        message: Body = {"role": "assistant", "content": step.text}
        finish = "stop"
        if isinstance(step, ToolCalls):
            message["tool_calls"] = [_call(name, args) for name, args in step.arguments()]
            finish = "stop" if self._dialect.tool_deltas == "whole" else "tool_calls"
        else:
            finish = step.finish
        if self._dialect.reasoning:
            message["reasoning_content"] = message["reasoning"] = "thinking in silence"
        answer = self._body_of([{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}])
        if self._dialect.usage:
            answer["usage"] = self._usage(step)
        await self._wire.pause(step.delay)
        await self._wire.head(200, _content_type(step, JSON))
        await self._wire.end(_dump(answer))

    async def _streamed(self, step: Text | ToolCalls) -> None:
        await self._wire.head(200, _content_type(step, SSE))
        await self._wire.send(
            self._delta({"role": "assistant", "content": None if self._dialect.reasoning else ""})
        )
        finish = step.finish if isinstance(step, Text) else "tool_calls"
        for delta in self._deltas(step):
            await self._wire.send(self._delta(delta))
            if step.delay:
                await self._wire.pause(step.delay)
        if isinstance(step, ToolCalls) and self._dialect.tool_deltas == "whole":
            finish = "stop"
        await self._wire.send(self._event([{"index": 0, "delta": {}, "finish_reason": finish}]))
        options = self._body.get("stream_options") or {}
        if self._dialect.stream_options == "honour" and options.get("include_usage"):
            await self._wire.send(self._event([], usage=self._usage(step)))
        await self._wire.end(b"data: [DONE]\n\n")

    def _deltas(self, step: Text | ToolCalls) -> Iterator[Body]:
        if self._dialect.reasoning:
            for thought in ("thinking ", "in silence"):
                yield {"content": None, "reasoning_content": thought, "reasoning": thought}
        if isinstance(step, Text):
            if step.text is None:
                yield {"content": None}
            yield from ({"content": piece} for piece in (step.pieces() if step.text else ()))
            return
        if step.text:
            yield from ({"content": piece} for piece in Text(step.text).pieces())
        for index, (name, args) in enumerate(step.arguments()):
            yield from self._call_deltas(index, name, args)

    def _call_deltas(self, index: int, name: str, args: str) -> Iterator[Body]:
        call = _call(name, args)
        if self._dialect.tool_deltas == "whole":
            yield {"tool_calls": [call]}
            return
        first = {"index": index, **call, "function": {"name": name, "arguments": ""}}
        yield {"content": None, "tool_calls": [first]}
        size = 1 if self._dialect.tool_deltas == "chars" else 12
        for start in range(0, len(args), size):
            yield {"tool_calls": [{"index": index, "function": {"arguments": args[start : start + size]}}]}

    def _delta(self, delta: Body) -> bytes:
        return self._event([{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}])

    def _event(self, choices: list[Body], **more: Any) -> bytes:
        chunk = {**self._envelope, "object": "chat.completion.chunk", "choices": choices, **more}
        return b"data: " + _dump(chunk) + b"\n\n"

    def _body_of(self, choices: list[Body]) -> Body:
        return {**self._envelope, "object": "chat.completion", "choices": choices}

    def _usage(self, step: Text | ToolCalls) -> Body:
        said = (step.text or "") + (
            "".join(n + a for n, a in step.arguments()) if isinstance(step, ToolCalls) else ""
        )
        prompt, completion = step.usage or (
            -(-len(_dump(self._body["messages"])) // 4),
            -(-len(said.encode()) // 4),
        )
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _content_type(step: Text | ToolCalls, normal: str) -> str | None:
    return step.content_type if isinstance(step, Text) and step.content_type != "auto" else normal


def _call(name: str, args: str) -> Body:
    return {
        "id": f"call_{uuid4().hex[:16]}",
        "type": "function",
        "function": {"name": name, "arguments": args},
    }


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
