"""Taking back what was never so, with everything that stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import Memory, MemorySource, Message
from bot.db.repositories import memories, sources
from bot.memory import facts, indexed
from bot.memory.text import holds, normal


def wrong(session: Session, scope: Scope, memory_id: int, now: datetime) -> list[Memory]:
    """Close a fact of the asker's as never true, and what was concluded from the same words alone.

    Facts that were told outright stay. Returns what was closed, the named one first; empty when it is not the
    asker's or is over already.
    """
    if scope.user_id is None:
        return []
    facts.hold(session, scope.user_id)
    memory = memories.owned(session, scope, memory_id, now)
    if memory is None or memory.invalid_at is not None or memory.deleted_at is not None:
        return []
    if memory.closed_as == memories.PROPOSED:
        memory.deleted_at = now
        return [memory]
    closing = [memory, *_leaning(session, memory)]
    facts.close(session, closing, None, now, "wrong")
    return closing


def _leaning(session: Session, memory: Memory) -> list[Memory]:
    """Inferred facts of the same person whose every source are words that the fact stands on."""
    ground = {(s.message_id, normal(s.quote)) for s in sources.of_memory(session, memory.id)}
    messages = [message for message, _ in ground if message is not None]
    found: dict[int, Memory] = {}
    for _, other in sources.standing_on(session, messages):
        if other.id == memory.id or other.user_id != memory.user_id or other.origin != "inferred":
            continue
        if other.invalid_at is not None or other.deleted_at is not None:
            continue
        if all((s.message_id, normal(s.quote)) in ground for s in sources.of_memory(session, other.id)):
            found[other.id] = other
    return list(found.values())


def source_changed(session: Session, message: Message, now: datetime) -> list[Memory]:
    """A message was edited: quotes that no longer stand in it are let go.

    Inferred facts and proposals that stood on nothing else are closed, explicit ones stay without the quote.
    Returns the closed ones.
    """
    text = normal(message.content)
    gone = [
        (source, memory)
        for source, memory in sources.standing_on(session, [message.id])
        if source.quote and not holds(text, normal(source.quote))
    ]
    return _let_go(session, gone, now)


def sources_gone(session: Session, message_ids: Sequence[int], now: datetime) -> list[Memory]:
    """Messages are about to be deleted: the same for all quotes of them. To be called before that."""
    return _let_go(session, sources.standing_on(session, message_ids), now)


def _let_go(session: Session, gone: Sequence[tuple[MemorySource, Memory]], now: datetime) -> list[Memory]:
    for source, _ in gone:
        session.delete(source)
    session.flush()
    closed = []
    for memory in {memory.id: memory for _, memory in gone}.values():
        proposed = memory.closed_as == memories.PROPOSED
        if (memory.origin == "explicit" and not proposed) or sources.of_memory(session, memory.id):
            continue
        if memory.invalid_at is None and memory.deleted_at is None:
            closed.append(memory)
        if proposed or memory.archived_at is not None or memory.invalid_at is not None:
            memory.deleted_at = memory.deleted_at or now
        else:
            facts.close(session, [memory], None, now, "wrong")
        indexed.remove(session, memory)
    return closed
