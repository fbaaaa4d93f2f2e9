"""Facts that wait for their owner's word: said in a turn with somebody else's text, or only overheard."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.models import Memory
from bot.db.repositories import memories, sources
from bot.memory import facts, indexed
from bot.memory.resolution import Candidate, decide

DAYS = 7
"""Days that a proposal waits for an answer."""


def confirm(session: Session, scope: Scope, memory_id: int, cap: int, now: datetime) -> facts.Saved | None:
    """The owner said yes: the fact is explicit and valid from now on, and closes what it replaces.

    None when it is not theirs or waits no more. Raises Refused when there is no room.
    """
    memory = _waiting(session, scope, memory_id, now)
    if memory is None:
        return None
    valid = memories.own_valid(session, facts.hold(session, scope.user_id), now)
    outdated = frozenset(filter(None, (memory.superseded_by,)))
    verdict = decide(valid, Candidate(memory.text, memory.kind, "explicit", now, outdated))
    if verdict.same is not None:
        return _merged(session, memory, verdict.same, now)
    archived = facts.make_room(session, valid, verdict.closes, memory.kind, cap, now)
    memory.archived_at = memory.closed_as = memory.superseded_by = None
    memory.origin, memory.valid_at = "explicit", now
    memory.priority = max(memory.priority, facts.PRIORITY["explicit"])
    facts.inherit(memory, verdict.closes)
    facts.close(session, verdict.closes, memory.id, now)
    indexed.put(session, memory)
    return facts.Saved(memory.id, memory.text, False, tuple(old.id for old in verdict.closes), archived)


def decline(session: Session, scope: Scope, memory_id: int, now: datetime) -> Memory | None:
    """The owner said no; None when it is not theirs or waits no more."""
    memory = _waiting(session, scope, memory_id, now)
    if memory is not None:
        memory.deleted_at = now
    return memory


def _waiting(session: Session, scope: Scope, memory_id: int, now: datetime) -> Memory | None:
    if scope.user_id is None:
        return None
    facts.hold(session, scope.user_id)
    memory = memories.owned(session, scope, memory_id, now)
    if memory is None or memory.closed_as != memories.PROPOSED or memory.deleted_at is not None:
        return None
    return memory


def _merged(session: Session, memory: Memory, kept: Memory, now: datetime) -> facts.Saved:
    """What was proposed has become known meanwhile."""
    for source in sources.of_memory(session, memory.id):
        sources.add(session, kept.id, source.message_id, source.quote)
    memory.deleted_at = now
    kept.origin, kept.priority = "explicit", max(kept.priority, facts.PRIORITY["explicit"])
    return facts.Saved(kept.id, kept.text, True)
