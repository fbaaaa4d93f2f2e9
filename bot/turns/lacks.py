"""What a model cannot do is told once in each chat: it was asked without, and people would wonder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.llm import Completion
from bot.db.repositories import people

TOLD = ("images", "tools")
"""The refusals that a person notices; others, such as stream options, change nothing for them."""


def untold(
    session: Session, chat_id: int, completions: Iterable[Completion], now: datetime
) -> list[dict[str, Any]]:
    """Notices of what these calls' models refused and this chat has not been told yet."""
    found = sorted({(c.model, note) for c in completions for note in c.notes if note in TOLD})
    return [
        {"kind": "lacks", "text": note}
        for model, note in found
        if people.set_meta_once(session, _key(chat_id, model, note), {"model": model, "lacks": note}, now)
    ]


def _key(chat_id: int, model: str, note: str) -> str:
    return f"told:{chat_id}:{note}:{hashlib.sha256(model.encode()).hexdigest()[:12]}"
