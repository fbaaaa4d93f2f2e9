"""Putting imported rows in: each where its natural name is free, none of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.core.ids import message_id, seq_of
from bot.db.models import Attachment, Chat, Conversation, Import, Message, MessageRef, MessageVersion, User
from bot.db.upsert import add_many, add_missing, insert_new, is_postgres

ROWS = 400


def user_id(session: Session, platform: str, external_id: str, values: dict[str, Any]) -> int:
    """The user of a natural name, made of `values` where there is none."""
    row = {"platform": platform, "external_id": external_id, **values}
    insert_new(session, User, [row], ["platform", "external_id"])
    found = session.scalar(select(User.id).where(User.platform == platform, User.external_id == external_id))
    assert found is not None
    return found


def chat_id(session: Session, platform: str, external_id: str, values: dict[str, Any]) -> int:
    """The chat of a natural name, made of `values` where there is none."""
    row = {"platform": platform, "external_id": external_id, **values}
    insert_new(session, Chat, [row], ["platform", "external_id"])
    found = session.scalar(select(Chat.id).where(Chat.platform == platform, Chat.external_id == external_id))
    assert found is not None
    return found


def add_messages(session: Session, rows: Sequence[dict[str, Any]]) -> set[int]:
    """Insert messages whose ids are new, an id being conversation and number; returns those ids."""
    there: set[int] = set()
    for at in range(0, len(rows), ROWS):
        ids = [row["id"] for row in rows[at : at + ROWS]]
        there |= set(session.scalars(select(Message.id).where(Message.id.in_(ids))))
    new = [row for row in rows if row["id"] not in there]
    add_many(session, Message, new)
    return {row["id"] for row in new}


def append_messages(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert messages behind the last one of a conversation that is locked: nothing can be there."""
    add_many(session, Message, rows)


def add_refs(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Note platforms' ids of messages; those known already stay as they are."""
    add_missing(session, MessageRef, rows, ["chat_id", "external_id"])


_KNOWN = text(
    "SELECT given.external_id, known.message_id FROM unnest(CAST(:ids AS text[])) AS given(external_id) "
    "CROSS JOIN LATERAL (SELECT message_id FROM message_refs "
    "WHERE chat_id = :chat AND external_id = given.external_id LIMIT 1) AS known"
)
"""One look into the index for each id. With IN, PostgreSQL reads all of the chat's ids as long as it has no
statistics of the table, which is so just while much is brought in.
"""


def known_refs(session: Session, chat: int, external_ids: Sequence[str]) -> dict[str, int]:
    """Which of a platform's ids are known in a chat, and for which messages."""
    found: dict[str, int] = {}
    if is_postgres(session):
        rows = session.execute(_KNOWN, {"chat": chat, "ids": list(external_ids)})
        return {row.external_id: row.message_id for row in rows}
    for at in range(0, len(external_ids), ROWS):
        some = external_ids[at : at + ROWS]
        query = select(MessageRef.external_id, MessageRef.message_id)
        rows = session.execute(query.where(MessageRef.chat_id == chat, MessageRef.external_id.in_(some)))
        found |= {row.external_id: row.message_id for row in rows}
    return found


def add_beside(session: Session, files: Sequence[dict[str, Any]], versions: Sequence[dict[str, Any]]) -> None:
    """Files and former versions of messages that are new."""
    add_many(session, Attachment, files)
    add_many(session, MessageVersion, versions)


def count_in(session: Session, no: int, ids: Sequence[int], last_at: datetime | None) -> None:
    """Let a conversation's counters tell of messages that were put in."""
    if not ids:
        return
    row = session.get_one(Conversation, no, with_for_update=True)
    row.message_count += len(ids)
    row.next_seq = max(row.next_seq, seq_of(max(ids)) + 1)
    if last_at is not None and (row.last_message_at is None or row.last_message_at < last_at):
        row.last_message_at = last_at
    session.flush()


def moved(no: int, exported_id: str) -> int:
    """The id that an exported message gets in conversation `no`: its number stays."""
    return message_id(no, seq_of(int(exported_id)))


def begin(
    session: Session, owner: str, kind: str, digest: str, progress: dict[str, Any], now: datetime
) -> Import:
    """The record of an import, made at its first run; `progress` is kept from that."""
    row = {"owner": owner, "kind": kind, "digest": digest, "progress": progress, "created_at": now}
    insert_new(session, Import, [row], ["owner", "kind", "digest"])
    query = select(Import).where(Import.owner == owner, Import.kind == kind, Import.digest == digest)
    return session.scalars(query.with_for_update()).one()
