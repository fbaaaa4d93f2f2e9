"""The usage ledger and the traces of replies."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.llm import Completion, Message
from bot.db.models import Trace, UsageRow


def charge(
    session: Session,
    completion: Completion,
    purpose: str,
    now: datetime,
    *,
    turn_id: int | None = None,
    user_id: int | None = None,
) -> None:
    """Write one paid call into the ledger."""
    usage = completion.usage
    session.add(
        UsageRow(
            turn_id=turn_id, user_id=user_id, purpose=purpose, model=completion.model,
            prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens, estimated=usage.estimated, cost=completion.cost,
            created_at=now,
        )
    )  # fmt: skip


def spent_since(session: Session, since: datetime) -> float:
    """Dollars in the ledger from a moment on; calls without a known price count as nothing."""
    return session.scalar(select(func.sum(UsageRow.cost)).where(UsageRow.created_at >= since)) or 0.0


def keep_trace(
    session: Session,
    turn_id: int,
    message_id: int | None,
    layers: Sequence[dict[str, Any]],
    prompt: Sequence[Message],
    now: datetime,
) -> None:
    """Keep what a reply knew; a re-run replaces it."""
    packed = zlib.compress(json.dumps(list(prompt), ensure_ascii=False).encode("utf-8", "surrogatepass"), 6)
    session.merge(
        Trace(turn_id=turn_id, message_id=message_id, layers=list(layers), prompt=packed, created_at=now)
    )


def sent_prompt(session: Session, turn_id: int) -> list[Message] | None:
    """The prompt of a reply, byte-exact as it was sent, while its trace is kept."""
    row = session.get(Trace, turn_id)
    if row is None or row.prompt is None:
        return None
    prompt: list[Message] = json.loads(zlib.decompress(row.prompt))
    return prompt
