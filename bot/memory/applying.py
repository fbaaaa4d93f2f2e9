"""Making facts of what a model read in a batch: every gate again, in code, on the rows as they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.core.views import MessageView
from bot.db.models import Message
from bot.db.repositories import memories, sources
from bot.memory import correcting, facts, gates
from bot.memory.candidates import Ended, FoundFact, Reading
from bot.memory.kinds import SINGLE
from bot.memory.others import about_other
from bot.memory.resolution import decide
from bot.memory.similar import common, stems

SPEAKS_FOR_ITSELF = 4
"""Words of a quote from which it need not share one with the fact; "yes" proves nothing."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a batch was read: whose words, where, which messages still stand, and who else was near."""

    scope: Scope
    messages: Mapping[int, Message]
    known: Mapping[int, int]
    names: Sequence[str]
    cap: int
    now: datetime


@dataclass(slots=True)
class Applied:
    """What became of a reading; `dropped` counts refusals by reason."""

    saved: list[facts.Saved] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    with_fact: set[int] = field(default_factory=set)


def apply(session: Session, reading: Reading, ground: Ground) -> Applied:
    """Keep what passes, in one transaction with whatever else the caller writes."""
    done = Applied(dropped=Counter(reading.dropped))
    for found in reading.facts:
        try:
            saved, message_id = _keep(session, found, ground)
        except gates.Refused as refusal:
            done.dropped[refusal.reason] += 1
            continue
        done.saved.append(saved)
        done.with_fact.add(message_id)
        done.closed += saved.closed
    for ended in reading.ended:
        try:
            done.closed += _end(session, ended, ground)
        except gates.Refused as refusal:
            done.dropped[refusal.reason] += 1
    return done


def _keep(session: Session, found: FoundFact, ground: Ground) -> tuple[facts.Saved, int]:
    text = gates.checked_fact(found.text)
    source = _source(found.message, found.quote, ground)
    if len(found.quote.split()) < SPEAKS_FOR_ITSELF and not common(text, [found.quote]):
        raise gates.Refused("the quote says something else", "quote")
    other = found.about_other or about_other(found.quote, ground.names)
    if other and found.kind in SINGLE and not found.about_other:
        # The model took somebody else's home for the person's own: its sentence is not true either.
        raise gates.Refused("the words speak of somebody else", "other person")
    fact = facts.NewFact(
        text=text,
        kind=gates.checked_kind(found.kind),
        quote=found.quote,
        message_id=source.id,
        replaces=[ground.known[number] for number in found.outdates if number in ground.known],
        origin="inferred",
        sensitive=found.sensitive,
        about_other=other,
        said_at=source.sent_at,
        tags=found.tags,
    )
    if _was_deleted(session, fact, ground.now):
        raise gates.Refused("the person deleted it", "deleted")
    return facts.save(session, ground.scope, fact, ground.cap, ground.now), source.id


def _was_deleted(session: Session, fact: facts.NewFact, now: datetime) -> bool:
    """Whether the same was known from this message and taken away: also while the model was reading."""
    known = sources.standing_on(session, [fact.message_id] if fact.message_id is not None else [])
    deleted = [memory for _, memory in known if memory.deleted_at is not None]
    return bool(deleted) and decide(deleted, facts.candidate(fact, now)).same is not None


def _end(session: Session, ended: Ended, ground: Ground) -> list[int]:
    """Close a known fact by the person's own words; one that they told outright only if these name it."""
    source = _source(ended.message, ended.quote, ground)
    row = memories.owned(session, ground.scope, ground.known.get(ended.known, -1), ground.now)
    if row is None or row.invalid_at is not None or row.deleted_at is not None or row.archived_at is not None:
        raise gates.Refused("no such fact", "alias")
    if row.valid_at > source.sent_at:
        raise gates.Refused("it was said before the fact", "outdated")
    if row.origin == "explicit" and not set(stems(row.text)) & set(stems(ended.quote)):
        raise gates.Refused("the quote does not name the fact", "quote")
    if ended.how == "wrong":
        return [closed.id for closed in correcting.wrong(session, ground.scope, row.id, ground.now)]
    facts.close(session, [row], None, source.sent_at)
    return [row.id]


def _source(number: int, quote: str, ground: Ground) -> MessageView:
    """The person's message that holds the quote: the named one, else another of the batch."""
    named = ground.messages.get(number)
    if named is None:
        raise gates.Refused("no message has this number", "alias")
    others = [message for key, message in ground.messages.items() if key != number]
    return gates.source_of(quote, [view(message) for message in (*others, named)])


def view(message: Message) -> MessageView:
    """A stored message as the gates look at it."""
    return MessageView(
        id=message.id,
        outgoing=message.direction == "outgoing",
        label=message.sender_label,
        text=message.content,
        sent_at=message.sent_at,
        content_type=message.content_type,
        forwarded_from=message.forwarded_from,
    )
