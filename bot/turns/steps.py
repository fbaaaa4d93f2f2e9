"""Finished model calls as rows: what a re-run reads instead of paying again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.llm import Completion, ToolCall, Usage
from bot.db.models import TurnStep

MODEL_KEY = "model"
"""The key of the step that holds which model the asker chose."""


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


def forget_last_call(session: Session, turn_id: int) -> None:
    """Let a turn ask again for its last model call, whose answer was of no use."""
    calls = session.scalars(select(TurnStep).where(TurnStep.turn_id == turn_id, TurnStep.key.like("llm:%")))
    last = max(calls, key=lambda step: int(step.key.partition(":")[2]), default=None)
    if last is not None:
        session.delete(last)
