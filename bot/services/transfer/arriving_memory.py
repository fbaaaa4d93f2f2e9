"""Imported facts, unfinished matters, bookings and documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.db import search
from bot.db.models import Booking, DialogueState, Memory, MemorySource, Message
from bot.db.repositories import knowledge
from bot.db.upsert import insert_new
from bot.memory import indexed
from bot.memory.lexing import terms
from bot.services.transfer.arriving import Arrivals, Record, values


def facts(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Facts with their sources; one that is there already, word for word and of the same time, is left."""
    added = 0
    for record in records:
        if arrivals.missing(record["user"]):
            continue
        row = values(record, "id", "user", "chat", "conversation", "superseded_by", "sources")
        row["user_id"] = arrivals.users.get(record["user"] or "")
        row["chat_id"] = arrivals.chats.get(record["chat"] or "")
        place = arrivals.conversations.get(record["conversation"] or "")
        row["conversation_no"] = None if place is None else place[0]
        if row["subject"] == "user" and row["user_id"] is None:
            continue
        if row["subject"] == "conversation" and row["conversation_no"] is None:
            continue
        if record["chat"] is not None and row["chat_id"] is None:
            continue  # without its chat it would hold everywhere
        grounds = [source["message"] for source in record["sources"]]
        if row["origin"] != "explicit" and grounds and arrivals.dropped.issuperset(grounds):
            continue
        found = _same_fact(session, row)
        if found is None:
            found = _new_fact(session, row, record, arrivals)
            added += 1
        arrivals.facts[record["id"]] = found.id
        if record["superseded_by"] is not None:
            arrivals.superseded[found.id] = record["superseded_by"]
    return added


def _same_fact(session: Session, row: Record) -> Memory | None:
    names = ("subject", "user_id", "chat_id", "conversation_no", "kind", "text", "created_at")
    same = [getattr(Memory, name).is_not_distinct_from(row[name]) for name in names]
    return session.scalar(select(Memory).where(*same, Memory.deleted_at.is_(None)).limit(1))


def _new_fact(session: Session, row: Record, record: Record, arrivals: Arrivals) -> Memory:
    fact = Memory(**row)
    session.add(fact)
    session.flush()
    for source in record["sources"]:
        if source["message"] in arrivals.dropped:
            continue
        message = arrivals.message(source["message"])
        if message is not None and session.get(Message, message) is None:
            message = None
        session.add(MemorySource(memory_id=fact.id, message_id=message, quote=source["quote"]))
    session.flush()
    if fact.invalid_at is None and fact.archived_at is None and fact.closed_as is None:
        indexed.put(session, fact)
    return fact


def link(session: Session, arrivals: Arrivals, now: datetime) -> None:
    """Facts that took the place of others are known only in the end."""
    for fact, by in arrivals.superseded.items():
        if by in arrivals.facts:
            linked = update(Memory).where(Memory.id == fact).values(superseded_by=arrivals.facts[by])
            session.execute(linked.execution_options(synchronize_session=False))


def states(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Unfinished matters; one that is there already is the later one."""
    return sum(
        insert_new(session, DialogueState, [row], ["user_id", "chat_id", "type"])
        for row in _placed(records, arrivals)
        if row["user_id"] is not None and row["chat_id"] is not None
    )


def bookings(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Bookings; the same one made at the same moment is there already."""
    added = 0
    for row in _placed(records, arrivals):
        names = ("user_id", "service", "master", "date", "time", "phone", "created_at")
        same = [getattr(Booking, name) == row[name] for name in names]
        if row["user_id"] is not None and session.scalar(select(Booking.id).where(*same).limit(1)) is None:
            session.add(Booking(**row))
            session.flush()
            added += 1
    return added


def documents(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Documents with their passages, which are indexed anew; the same content is there already."""
    added = 0
    known = (record for record in records if not arrivals.missing(record["user"]))
    for record in known:
        (row,) = _placed([record], arrivals)
        owner = knowledge.Owner(row["user_id"], row["chat_id"])
        if owner.key is None or knowledge.same(session, owner, row["digest"]) is not None:
            continue
        passages = [_passage(record["title"], passage) for passage in record["passages"]]
        new = knowledge.NewDocument(
            row["title"], row["mime"], row["size"], row["digest"], passages, None, record["metadata"]
        )
        knowledge.add(session, owner, new, row["created_at"]).updated_at = row["updated_at"]
        added += 1
    return added


def _passage(title: str, record: dict[str, Any]) -> knowledge.NewPassage:
    found = search.packed(terms(f"{title}\n{record['heading'] or ''}\n{record['text']}"))
    return knowledge.NewPassage(
        record["text"], record["page"], record["heading"], record["token_count"], found
    )


def _placed(records: Iterable[Record], arrivals: Arrivals) -> Iterable[Record]:
    for record in records:
        if not arrivals.missing(record["user"]):
            row = values(record, "user", "chat", "metadata", "passages")
            row["user_id"] = arrivals.users.get(record["user"] or "")
            row["chat_id"] = arrivals.chats.get(record["chat"] or "")
            yield row
