"""Finished model calls as rows: what a re-run reads instead of paying again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.core.llm import Completion, ToolCall, Usage


def llm_key(number: int) -> str:
    """The key of a turn's n-th model call."""
    return f"llm:{number}"


def pack(completion: Completion) -> dict[str, Any]:
    """A completion as a JSON row."""
    return asdict(completion)


def unpack(data: dict[str, Any]) -> Completion:
    """The completion that a row holds."""
    return Completion(
        text=data["text"],
        tool_calls=tuple(ToolCall(**call) for call in data["tool_calls"]),
        finish=data["finish"],
        usage=Usage(**data["usage"]),
        model=data["model"],
        cost=data["cost"],
        notes=tuple(data["notes"]),
    )
