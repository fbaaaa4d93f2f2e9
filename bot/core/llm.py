"""What the house says to a language model and what it gets back, in no vendor's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Message = dict[str, Any]
"""One chat message as the wire knows it: role, content, and tool fields where they belong."""

Finish = Literal["stop", "tool_calls", "length", "truncated", "content_filter"]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asked for; `arguments` is the raw JSON text, perhaps malformed."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one finished call. `estimated` is true where the endpoint reported none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished call. `text` may be empty when tools are called; `cost` is in dollars, None if unpriced.

    `finish` is "truncated" when the stream ended without a finish reason.
    `notes` names what the endpoint refused and was asked without ("tools", "images", "stream_options").
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish: Finish
    usage: Usage
    model: str
    cost: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LLMRequest:
    """One call: the whole prompt, the tools offered, and the cap on the reply's tokens.

    `purpose` names the spender in the usage ledger (reply, summary, extraction ...).
    `model` overrides the configured one; `schema` asks for structured output.
    """

    messages: Sequence[Message]
    max_tokens: int
    purpose: str
    tools: Sequence[ToolSpec] = ()
    model: str | None = None
    schema: Mapping[str, Any] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Used:
    """What calls took: `answers` are the turns they were made for, `cost` is in dollars as far as known."""

    calls: int = 0
    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: Used) -> Used:
        return Used(
            self.calls + other.calls,
            self.answers + other.answers,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cost + other.cost,
        )
