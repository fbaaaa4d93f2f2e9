"""The rehearsal model's answers in the wire format, whole or as a stream of deltas."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

from bot.playground.rehearsal.request import ChatRequest
from bot.playground.rehearsal.rules import Answer

_PIECE = re.compile(r"\s*\S+|\s+$")
_LONGEST = 24
_ARGUMENTS = 16


def pieces(text: str) -> Iterator[str]:
    """The words of a text with the space before them; endless words in parts."""
    for match in _PIECE.finditer(text):
        word = match[0]
        for start in range(0, len(word), _LONGEST):
            yield word[start : start + _LONGEST]


def tokens(text: str) -> int:
    """Tokens as this model counts them: a word costs a token for each four bytes begun."""
    return sum(-(-len(piece.encode()) // 4) for piece in pieces(text))


class Reply:
    """One answer, cut at the request's token limit."""

    def __init__(self, request: ChatRequest, body: dict[str, Any], answer: Answer, delay: float) -> None:
        self._request, self._body, self._answer = request, body, answer
        self._delay = delay if answer.pace is None else answer.pace
        self._pieces, self._cut = self._within(request.limit)
        self._head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": request.model}
        self._calls: list[dict[str, Any]] = [
            {
                "id": f"call_{uuid4().hex[:24]}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
            }
            for name, arguments in answer.calls
        ]

    def _within(self, limit: int | None) -> tuple[list[str], bool]:
        taken: list[str] = []
        spent = 0
        for piece in pieces(self._answer.text):
            spent += tokens(piece)
            if limit is not None and spent > limit:
                return taken, True
            taken.append(piece)
        return taken, False

    @property
    def finish(self) -> str:
        """Why the answer ends."""
        return "tool_calls" if self._calls else "length" if self._cut else "stop"

    def usage(self) -> dict[str, int]:
        """Tokens of the prompt and of what was really said."""
        said = tokens("".join(self._pieces)) + sum(
            tokens(json.dumps(call["function"])) for call in self._calls
        )
        asked = tokens(json.dumps([self._body["messages"], self._body.get("tools")], ensure_ascii=False))
        return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}

    async def whole(self) -> dict[str, Any]:
        """The answer in one body; a rule that sets a pace takes its time here too."""
        if self._answer.pace:
            await asyncio.sleep(self._answer.pace * len(self._pieces))
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(self._pieces) or None,
            "refusal": None,
        }
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self.usage()}

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events: a role, words or calls, the finish reason, perhaps the usage, [DONE]."""
        yield self._event({"role": "assistant", "content": None if self._calls else ""})
        for piece in self._pieces:
            yield self._event({"content": piece})
            await asyncio.sleep(self._delay)
        for index, call in enumerate(self._calls):
            arguments = call["function"]["arguments"]
            named = {"name": call["function"]["name"], "arguments": ""}
            yield self._event({"tool_calls": [{"index": index, **call, "function": named}]})
            for start in range(0, len(arguments), _ARGUMENTS):
                part = {"arguments": arguments[start : start + _ARGUMENTS]}
                yield self._event({"tool_calls": [{"index": index, "function": part}]})
        yield self._event({}, self.finish)
        if self._request.stream_options and self._request.stream_options.include_usage:
            yield _sse(
                {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": self.usage()}
            )
        yield b"data: [DONE]\n\n"

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _sse({**self._head, "object": "chat.completion.chunk", "choices": [choice]})


def _sse(event: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
