"""Imported people, chats, conversations and messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, message_id, seq_of
from bot.db.clean import storable
from bot.db.models import Chat, ChatMember, Conversation, Profile, User
from bot.db.repositories import arrivals as rows
from bot.db.repositories import people, running_summaries, talk
from bot.db.upsert import insert_new
from bot.services.transfer.erased import ErasedMarks

Record = dict[str, Any]

_TIMES = {
    "created_at", "updated_at", "last_seen_at", "last_message_at", "archived_at", "cleared_at", "sent_at",
    "edited_at", "expires_at", "replaced_at", "valid_at", "invalid_at", "last_used_at", "cancelled_at",
    "joined_at", "left_at",
}  # fmt: skip


@dataclass(slots=True)
class Arrivals:
    """Where the things of a file stand here, by their names in it."""

    erased: ErasedMarks = field(default_factory=ErasedMarks)
    users: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    chats: dict[str, int] = field(default_factory=dict)
    peopled: set[int] = field(default_factory=set)
    """Chats of which the file tells who is a member."""
    conversations: dict[str, tuple[int, int]] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    facts: dict[int, int] = field(default_factory=dict)
    superseded: dict[int, int] = field(default_factory=dict)

    def missing(self, name: str | None) -> bool:
        """Whether it is somebody who was erased."""
        return name is not None and name in self.gone

    def takes(self, record: Record) -> bool:
        """Whether a message comes in: not what erased persons said, nor what answers them."""
        answers = record["direction"] == "outgoing" and record["reply_to"] in self.dropped
        if not self.missing(record["sender"]) and not answers:
            return True
        self.dropped.add(record["id"])
        return False

    def message(self, exported: str | None) -> int | None:
        """Where an exported message stands; None where its conversation did not come along."""
        no = None if exported is None else self.numbers.get(conversation_of(int(exported)))
        return None if no is None or exported is None else message_id(no, seq_of(int(exported)))


def values(record: Record, *without: str) -> Record:
    """A record's columns with times as times, and texts as the database can hold them."""
    return {name: _value(name, value) for name, value in record.items() if name not in without}


def _value(name: str, value: Any) -> Any:
    if name in _TIMES and value is not None:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(f"{name} has no zone")
        return moment
    return storable(value) if isinstance(value, str) else value


def users(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """People, matched by their platform's id; names and preferences that are there stay."""
    added = 0
    for record in records:
        row = values(record, "profile")
        name = f"{row['platform']}:{row['external_id']}"
        erased_at = arrivals.erased.erased_at(row["platform"], row["external_id"])
        if erased_at is not None and row["created_at"] <= erased_at:
            arrivals.gone.add(name)
            continue
        added += insert_new(session, User, [row], ["platform", "external_id"])
        arrivals.users[name] = rows.user_id(session, row["platform"], row["external_id"], row)
        if record.get("profile") is not None:
            profile = {**record["profile"], "user_id": arrivals.users[name], "updated_at": now}
            insert_new(session, Profile, [profile], ["user_id"])
    return added


def chats(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Chats, matched by their platform's id."""
    added = 0
    for record in records:
        row = values(record, "members")
        name = f"{row['platform']}:{row['external_id']}"
        if row["type"] in ("private", "api") and name in arrivals.gone:
            continue
        added += insert_new(session, Chat, [row], ["platform", "external_id"])
        arrivals.chats[name] = chat_id = rows.chat_id(session, row["platform"], row["external_id"], row)
        members = [
            {"chat_id": chat_id, "user_id": arrivals.users[member["user"]], **values(member, "user")}
            for member in record.get("members", ())
            if member["user"] in arrivals.users
        ]
        insert_new(session, ChatMember, members, ["chat_id", "user_id"])
        if "members" in record:
            arrivals.peopled.add(chat_id)
    return added


def conversations(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Conversations under their own ids; one that is there already takes in what it lacks."""
    added = 0
    for record in records:
        if arrivals.missing(record["user"]) or record["chat"] not in arrivals.chats:
            continue
        source = f"export:{uuid.UUID(record['id'])}"
        either = or_(Conversation.id == record["id"], Conversation.source_id == source)
        row = session.scalar(select(Conversation).where(either).limit(1))
        if row is None:
            row = _made(session, record, source, arrivals)
            added += 1
        arrivals.conversations[record["id"]] = (row.no, row.chat_id)
    return added


def _made(session: Session, record: Record, source: str, arrivals: Arrivals) -> Conversation:
    chat = session.get_one(Chat, arrivals.chats[record["chat"]])
    user_id = arrivals.users.get(record["user"])
    user = session.get(User, user_id) if user_id is not None else None
    key = talk.scope_key(people.as_chat_ref(chat, record["topic_id"]), user)
    row = values(record, "chat", "user", "metadata", "message_count")
    if row["status"] == "active" and talk.find_active(session, key) is not None:
        row["status"] = "archived"
    if arrivals.gone:
        # Made anew of what comes in: it may tell of somebody who was erased.
        row["context_summary"] = None
    made = Conversation(
        **row, scope_key=key, chat_id=chat.id, user_id=user_id, meta=record["metadata"], source_id=source,
        message_count=0,
    )  # fmt: skip
    if arrivals.gone:
        made.summary_upto_seq = running_summaries.left_out(made)
    session.add(made)
    session.flush()
    return made


def messages(session: Session, records: Iterable[Record], arrivals: Arrivals, now: datetime) -> int:
    """Messages with their files, former versions and platform's ids, in the order of the file."""
    by_place: dict[str, list[Record]] = {}
    for record in records:
        if arrivals.takes(record) and record["conversation"] in arrivals.conversations:
            by_place.setdefault(record["conversation"], []).append(record)
    return sum(_place(session, place, some, arrivals, now) for place, some in by_place.items())


def _place(session: Session, place: str, records: Sequence[Record], arrivals: Arrivals, now: datetime) -> int:
    no, chat_id = arrivals.conversations[place]
    arrivals.numbers[conversation_of(int(records[0]["id"]))] = no
    by_id = {rows.moved(no, record["id"]): record for record in records}
    added = rows.add_messages(session, [_row(id_, record, arrivals) for id_, record in by_id.items()])
    new = [(id_, by_id[id_]) for id_ in sorted(added)]
    files = [{"message_id": id_, **values(file)} for id_, record in new for file in record["files"]]
    versions = [{"message_id": id_, **values(v)} for id_, record in new for v in record["versions"]]
    rows.add_beside(session, files, versions)
    refs = [
        {"chat_id": chat_id, "external_id": ref, "message_id": id_}
        for id_, record in new
        for ref in record["refs"]
    ]
    rows.add_refs(session, refs)
    _note_members(session, chat_id, [record for _, record in new], arrivals, now)
    last = max((datetime.fromisoformat(record["sent_at"]) for _, record in new), default=None)
    rows.count_in(session, no, sorted(added), last)
    return len(added)


def _note_members(
    session: Session, chat_id: int, records: Sequence[Record], arrivals: Arrivals, now: datetime
) -> None:
    """Who spoke in a chat was a member; whether they still are, only the export of an instance tells.

    Until they are seen there again, what is said in a group is not theirs to recall.
    """
    if chat_id in arrivals.peopled:
        return
    left_at = None if session.get_one(Chat, chat_id).type in ("private", "api") else now
    joined: dict[int, datetime] = {}
    for record in records:
        user, at = arrivals.users.get(record["sender"] or ""), datetime.fromisoformat(record["sent_at"])
        if user is not None:
            joined[user] = min(at, joined.get(user, at))
    members = [
        {"chat_id": chat_id, "user_id": user, "joined_at": at, "left_at": left_at}
        for user, at in joined.items()
    ]
    insert_new(session, ChatMember, members, ["chat_id", "user_id"])


def _row(id_: int, record: Record, arrivals: Arrivals) -> Record:
    row = values(record, "id", "conversation", "sender", "reply_to", "metadata", "refs", "files", "versions")
    hidden = record["reply_to"] in arrivals.dropped
    return row | {
        "id": id_, "sender_id": arrivals.users.get(record["sender"] or ""), "meta": record["metadata"],
        "reply_to": None if hidden else arrivals.message(record["reply_to"]),
        "quote": None if hidden else row["quote"],
    }  # fmt: skip
