"""Keeping facts: duplicates, replacements, the cap, and deletion with undo.

Whoever changes a person's facts holds the person first (`hold`): so the cap and the duplicates stay right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.clean import storable
from bot.db.models import Memory, User
from bot.db.repositories import ledger, memories, sources
from bot.memory import indexed
from bot.memory.gates import Refused
from bot.memory.kinds import SINGLE, UNCOUNTED
from bot.memory.resolution import Candidate, Verdict, decide
from bot.memory.sensitive import is_sensitive
from bot.memory.text import normal

PRIORITY = {"explicit": 5, "inferred": 4}
"""What was told outright stays longer than what was only overheard."""

MOST_PROPOSED = 20
"""Proposals of one person that wait at a time; the oldest give way."""

State = Literal["valid", "proposed", "past"]


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that passed the gates, with the message and the words it stands on.

    `replaces` are ids of facts that it outdates. `sensitive` is somebody's word for it; what the words
    themselves tell counts beside it. `said_at` None is now; `scope` None follows the rules.
    """

    text: str
    kind: str
    quote: str = ""
    message_id: int | None = None
    replaces: Sequence[int] = ()
    origin: Literal["explicit", "inferred"] = "explicit"
    sensitive: bool = False
    about_other: bool = False
    said_at: datetime | None = None
    scope: Literal["global", "chat", "private"] | None = None
    priority: int | None = None
    tags: Sequence[str] = ()
    pinned: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a fact: its row, whether it was there before, what it closed, what had to make room.

    `state` is "proposed" where its owner has to be asked, "past" where a later value is known already.
    """

    memory_id: int
    text: str
    known: bool
    closed: tuple[int, ...] = ()
    archived: int | None = None
    state: State = "valid"


def save(session: Session, scope: Scope, fact: NewFact, cap: int, now: datetime) -> Saved:
    """Store a fact of the asker. Raises Refused when the cap is reached and everything is pinned."""
    user_id = hold(session, scope.user_id)
    valid = memories.own_valid(session, user_id, now)
    verdict = decide(valid, candidate(fact, now))
    if verdict.held:
        return propose(session, scope, fact, now, verdict.rivals)
    if verdict.same is not None:
        return _joined(session, scope, verdict.same, fact, verdict, now)
    memory = _row(scope, user_id, fact, now)
    if verdict.after is not None:
        return _before(session, memory, fact, verdict.after)
    archived = make_room(session, valid, verdict.closes, fact.kind, cap, now)
    inherit(memory, verdict.closes)
    memories.add(session, memory, _source(fact))
    close(session, verdict.closes, memory.id, memory.valid_at)
    indexed.put(session, memory)
    return Saved(memory.id, memory.text, False, tuple(old.id for old in verdict.closes), archived)


def propose(
    session: Session, scope: Scope, fact: NewFact, now: datetime, rivals: Sequence[Memory] = ()
) -> Saved:
    """Keep a fact that only its owner's word can make valid; what is valid already is only told."""
    user_id = hold(session, scope.user_id)
    known = decide(memories.own_valid(session, user_id, now), candidate(fact, now)).same
    if known is not None:
        return Saved(known.id, known.text, True)
    waiting = memories.proposed(session, user_id)
    twin = next((row for row in waiting if row.text_key == normal(fact.text)), None)
    if twin is not None:
        return Saved(twin.id, twin.text, True, state="proposed")
    for row in waiting[: max(0, len(waiting) - MOST_PROPOSED + 1)]:
        row.deleted_at = now
    memory = _row(scope, user_id, fact, now)
    memory.archived_at, memory.closed_as = now, memories.PROPOSED
    # Until it is confirmed this names the fact that it would close.
    memory.superseded_by = next(iter((*fact.replaces, *(row.id for row in rivals))), None)
    memories.add(session, memory, _source(fact))
    return Saved(memory.id, memory.text, False, state="proposed")


def candidate(fact: NewFact, now: datetime) -> Candidate:
    """The fact as `decide` looks at it."""
    return Candidate(
        fact.text, fact.kind, fact.origin, fact.said_at or now, frozenset(fact.replaces), fact.about_other
    )


def hold(session: Session, user_id: int | None) -> int:
    """Keep the cap and the duplicates right under concurrency on PostgreSQL; foreign keys stay free.

    Raises Refused when there is nobody.
    """
    if user_id is None:
        raise Refused("nobody to remember it of", "nobody")
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    return user_id


def close(
    session: Session,
    rows: Sequence[Memory],
    by: int | None,
    at: datetime,
    why: Literal["changed", "wrong", "merged"] = "changed",
) -> None:
    """End facts with a date; they stay in the history."""
    for row in rows:
        row.invalid_at, row.superseded_by, row.closed_as = max(at, row.valid_at), by, why
        indexed.remove(session, row)


def inherit(memory: Memory, closing: Sequence[Memory]) -> None:
    """What its owner did to a value holds for the next one: pinned, hidden, more important."""
    for row in closing:
        memory.pinned = memory.pinned or row.pinned
        memory.priority = max(memory.priority, row.priority)
        if row.scope == "private" and row.origin == memory.origin:
            memory.scope = "private"


def make_room(
    session: Session, valid: Sequence[Memory], closing: Sequence[Memory], kind: str, cap: int, now: datetime
) -> int | None:
    """Archive what is too much (more than one after the cap was lowered); returns the first of them.

    Raises Refused when everything is pinned.
    """
    staying = [row for row in valid if row not in closing and _apart(row.kind) == _apart(kind)]
    loose = sorted(
        (row for row in staying if not row.pinned), key=lambda row: (row.priority, row.created_at, row.id)
    )
    leaving = loose[: max(0, len(staying) - cap + 1)]
    if len(staying) - len(leaving) >= cap:
        raise Refused(
            "the memory is full and every fact is pinned; the person must unpin or delete one first", "full"
        )
    for row in leaving:
        row.archived_at = now
        indexed.remove(session, row)
    return leaving[0].id if leaving else None


def _apart(kind: str) -> bool:
    return kind in UNCOUNTED


def _joined(
    session: Session, scope: Scope, row: Memory, fact: NewFact, verdict: Verdict, now: datetime
) -> Saved:
    """The fact is there: it gains a source, and perhaps weight."""
    if fact.message_id is not None:
        sources.add(session, row.id, fact.message_id, storable(fact.quote))
    if fact.origin == "explicit" and row.origin == "inferred":
        row.origin, row.priority = "explicit", max(row.priority, PRIORITY["explicit"])
        if not scope.private and not row.sensitive:
            row.scope = "global"  # they have just told it before everybody
    if row.kind == "other" and not fact.about_other:
        row.kind = fact.kind
    for twin in verdict.twins:
        for source in sources.of_memory(session, twin.id):
            sources.add(session, row.id, source.message_id, source.quote)
    close(session, verdict.twins, row.id, now, "merged")
    close(session, verdict.closes, row.id, fact.said_at or now)
    return Saved(row.id, row.text, True, tuple(old.id for old in verdict.closes))


def _before(session: Session, memory: Memory, fact: NewFact, after: Memory) -> Saved:
    memory.invalid_at, memory.superseded_by, memory.closed_as = after.valid_at, after.id, "changed"
    memories.add(session, memory, _source(fact))
    return Saved(memory.id, memory.text, False, state="past")


def _row(scope: Scope, user_id: int, fact: NewFact, now: datetime) -> Memory:
    sensitive = fact.sensitive or is_sensitive(fact.kind, fact.text, fact.quote)
    kind = "other" if fact.about_other and fact.kind in SINGLE else fact.kind
    return Memory(
        subject="user",
        user_id=user_id,
        kind=kind,
        text=fact.text,
        text_key=normal(fact.text),
        scope=fact.scope or _reach(scope, fact, sensitive),
        chat_id=scope.chat_id,
        sensitive=sensitive and fact.scope is None,
        origin=fact.origin,
        priority=fact.priority or PRIORITY[fact.origin],
        tags=list(fact.tags),
        pinned=fact.pinned,
        expires_at=fact.expires_at,
        valid_at=fact.said_at or now,
        created_at=now,
    )


def _reach(scope: Scope, fact: NewFact, sensitive: bool) -> str:
    """Where a fact may be shown when its owner has said nothing about it."""
    if sensitive or (fact.origin == "inferred" and scope.private):
        return "private"
    # What somebody says about others in a group stays there: it is their word, not the other's profile.
    return "chat" if fact.about_other and not scope.private else "global"


def _source(fact: NewFact) -> list[tuple[int | None, str]]:
    return [] if fact.message_id is None else [(fact.message_id, storable(fact.quote))]


def delete(session: Session, scope: Scope, memory_id: int, now: datetime) -> Memory | None:
    """Take a fact of the asker's away (undo is possible for a while); None when it is not theirs."""
    memory = memories.owned(session, scope, memory_id, now)
    if memory is None or memory.deleted_at is not None:
        return None
    memory.deleted_at = now
    indexed.remove(session, memory)
    ledger.forget_prompts_holding(session, memory_ids=[memory.id])
    return memory


def restore(session: Session, scope: Scope, memory_id: int, cap: int, now: datetime) -> Memory | None:
    """Bring a deleted or archived fact back; None when it is not the asker's or gone for good.

    When the same fact is valid again already, that one is returned. Raises Refused when there is no room,
    or when a later value of a single-valued kind has taken its place. A proposal comes back as a proposal.
    """
    if scope.user_id is None:
        return None
    hold(session, scope.user_id)
    memory = memories.owned(session, scope, memory_id, now)
    if memory is None or (memory.deleted_at is None and memory.archived_at is None):
        return None
    if memory.closed_as == memories.PROPOSED:
        brought_back, memory.deleted_at = memory.deleted_at is not None, None
        return memory if brought_back else None
    if memory.invalid_at is None:
        valid = memories.own_valid(session, scope.user_id, now)
        for row in valid:
            if row.text_key == memory.text_key:
                return row
            if memory.kind in SINGLE and row.kind == memory.kind:
                raise Refused(f"a later one has taken its place: {row.text}", "replaced")
        make_room(session, valid, [], memory.kind, cap, now)
    memory.deleted_at = memory.archived_at = None
    indexed.put(session, memory)
    return memory
