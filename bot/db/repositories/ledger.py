"""The usage ledger and the traces of replies."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.core.llm import Completion, Message
from bot.core.named import named_in
from bot.db.models import Trace, UsageRow
from bot.db.repositories import people, turns
from bot.db.repositories.holders import Holders

_SWEPT = "traces.swept"
"""Where in the turns the last look for old prompts ended, and on which day it was."""


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
    """Keep what a reply knew; a re-run replaces it.

    Without the prompt, where something that may stand in it was deleted since the turn began.
    """
    said = json.dumps(list(prompt), ensure_ascii=False).encode("utf-8", "surrogatepass")
    packed = zlib.compress(said, 6) if turns.keeps(session, turn_id) else None
    session.merge(
        Trace(turn_id=turn_id, message_id=message_id, layers=list(layers), prompt=packed, created_at=now)
    )


def sent_prompt(session: Session, turn_id: int) -> list[Message] | None:
    """The prompt of a reply, byte-exact as it was sent, while its trace is kept."""
    row = session.get(Trace, turn_id)
    return None if row is None or row.prompt is None else _unpacked(row.prompt)


def _unpacked(packed: bytes) -> list[Message]:
    prompt: list[Message] = json.loads(zlib.decompress(packed))
    return prompt


def drop_expired_prompts(session: Session, before: datetime, now: datetime) -> int:
    """Delete the prompts of traces made before a time; their tables of layers stay. Returns how many.

    Turns are looked through from where the last look ended, and once a day from the first one on: a turn
    that was answered long after it was asked stands behind that place.
    """
    mark = people.get_meta(session, _SWEPT) or {}
    today = f"{now:%Y-%m-%d}"
    start = int(mark.get("upto", 0)) if mark.get("day") == today else 0
    kept = (Trace.turn_id > start, Trace.prompt.is_not(None))
    dropped = session.scalars(
        update(Trace)
        .where(*kept, Trace.created_at < before)
        .values(prompt=None)
        .returning(Trace.turn_id)
        .execution_options(synchronize_session=False)
    ).all()
    turns.forget_steps(session, dropped)
    oldest = session.scalar(select(func.min(Trace.turn_id)).where(*kept))
    upto = oldest - 1 if oldest is not None else max(dropped, default=start)
    if mark != (reached := {"upto": upto, "day": today}):
        people.set_meta(session, _SWEPT, reached, now)
    return len(dropped)


def forget_prompts_holding(
    session: Session,
    *,
    message_ids: Collection[int] = (),
    memory_ids: Collection[int] = (),
    document_ids: Collection[int] = (),
) -> int:
    """Delete the kept prompts in which one of these stands; the tables of layers stay. Returns how many.

    What tools said in those turns goes as well. Answers that are being made now will keep no prompt, where
    they may have seen one of these. To be called in the unit that deletes them, while their rows are there:
    the rows tell whose turns may have seen them, so that no other turn is looked at.
    """
    holders = Holders()
    if message_ids:
        holders.add_messages(session, message_ids)
    if memory_ids:
        holders.add_memories(session, memory_ids)
    if document_ids:
        holders.add_documents(session, document_ids)
    for whose in holders.whose():
        turns.unkeep(session, whose)
    found = list(holders.traces(session))
    if message_ids:
        named = {one.id for trace, _ in found for one in named_in(trace.layers) if one.kind == "message"}
        holders.add_quoting(session, named)
    held = [trace.turn_id for trace, tools in found if _holds(trace, tools, holders)]
    if held:
        session.execute(update(Trace).where(Trace.turn_id.in_(held)).values(prompt=None))
        turns.forget_steps(session, held)
    return len(held)


def _holds(trace: Trace, used_tools: bool, holders: Holders) -> bool:
    if any((one.kind, one.id) in holders.ids for one in named_in(trace.layers)):
        return True
    if not used_tools or trace.prompt is None:
        return False
    # What tools found or saved stands in the prompt, but in no layer.
    said = " ".join(" ".join(_strings(_unpacked(trace.prompt))).split())
    return any(words in said for words in holders.words)


def _strings(value: Any) -> Iterator[str]:
    """Every text in a prompt; the arguments of calls are JSON within it."""
    if isinstance(value, str):
        inner = _parsed(value) if value.startswith("{") else None
        if isinstance(inner, dict):
            yield from _strings(inner)
        else:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
