"""Puts a reply together from whatever an endpoint sends, whole or in pieces."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from bot.core.llm import Finish, ToolCall

_FINISH: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_THINK, _THOUGHT = "<think>", "</think>"


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class Reply:
    """A reply under construction; `cap` is the most characters that it may grow to.

    `heard` is set once the endpoint accepted the request, `started` once the model wrote or thought anything,
    `done` once the answer ended as it should.
    """

    def __init__(self, cap: int) -> None:
        self.usage: Any = None
        self.heard = False
        self.done = False
        self.started = False
        self.overflowed = False
        self._cap = cap
        self._written = ""
        self._size = 0
        self._finish: Finish | None = None
        self._calls: list[_Call] = []
        self._places: dict[int, _Call] = {}

    @property
    def text(self) -> str:
        """What the model says, without thoughts that some servers leave in the text."""
        start = self._written.lstrip()
        if not start.startswith(_THINK):
            return "" if start and _THINK.startswith(start) and not self.complete else self._written
        return start.partition(_THOUGHT)[2].lstrip()

    @property
    def complete(self) -> bool:
        """Whether the endpoint said that it was finished, or was stopped for writing too much."""
        return self._finish is not None or self.overflowed or (self.done and self.has_content)

    @property
    def has_content(self) -> bool:
        """Whether there is any text or tool call."""
        return bool(self._written or self._calls)

    @property
    def finish(self) -> Finish:
        """Why the reply ended; "truncated" if nobody said."""
        if self.overflowed:
            return "length"
        if not self.complete:
            return "truncated"
        finish = self._finish or "stop"
        if self._calls and finish == "stop":
            return "tool_calls"
        return "stop" if finish == "tool_calls" and not self._calls else finish

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls in order, each with an id of its own; those that a cut left half-written are dropped."""
        cut = self.finish in ("truncated", "length")
        calls: dict[str, ToolCall] = {}
        for call in self._calls:
            arguments = call.arguments.strip() or "{}"
            if call.name and not (cut and not _is_json(arguments)):
                key = call.id if call.id and call.id not in calls else f"call_{uuid.uuid4().hex[:24]}"
                calls[key] = ToolCall(key, call.name, arguments)
        return tuple(calls.values())

    def written(self) -> str:
        """Everything that was paid for, for estimating tokens."""
        return self._written + "".join(call.name + call.arguments for call in self._calls)

    def add(self, event: dict[str, Any]) -> None:
        """Take one chunk of a stream, or a whole answer."""
        self.heard = True
        self.usage = event.get("usage") or self.usage
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return
        choice = choices[0]
        if not isinstance(delta := choice.get("delta"), dict):
            delta = choice.get("message")
        if isinstance(delta, dict):
            self.started = self.started or any(value for key, value in delta.items() if key != "role")
            self._add_text(_plain(delta.get("content")) or _plain(delta.get("refusal")))
            calls = delta.get("tool_calls")
            for call in calls if isinstance(calls, list) else ():
                if isinstance(call, dict):
                    self._add_call(call)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish = _FINISH.get(reason.lower(), "stop")

    def _add_text(self, text: str) -> None:
        self._written += text[: max(0, self._cap - self._size)]
        self._grow(len(text))

    def _grow(self, size: int) -> None:
        self._size += size
        self.overflowed = self.overflowed or self._size > self._cap

    def _add_call(self, delta: dict[str, Any]) -> None:
        function = delta.get("function")
        function = function if isinstance(function, dict) else {}
        name, call_id = _string(function.get("name")), _string(delta.get("id"))
        call = self._place(delta.get("index"), call_id, name)
        call.id = call.id or call_id
        call.name = call.name or name
        arguments = function.get("arguments")
        piece = (
            arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments)
        )
        call.arguments += piece
        self._grow(len(piece))

    def _place(self, index: Any, call_id: str, name: str) -> _Call:
        """The call that a delta belongs to; servers leave out the index, or send 0 for every call."""
        index = index if isinstance(index, int) else None
        known = self._places.get(index) if index is not None else next(reversed(self._calls), None)
        if known is None or self._is_next(known, index, call_id, name):
            known = _Call()
            self._calls.append(known)
            if index is not None:
                self._places[index] = known
        return known

    @staticmethod
    def _is_next(known: _Call, index: int | None, call_id: str, name: str) -> bool:
        if not name:
            return False
        return call_id != known.id if call_id else index is None and bool(known.arguments)


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "".join(
            _string(p.get("text")) for p in content if isinstance(p, dict) and p.get("type") == "text"
        )
    return _string(content)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
