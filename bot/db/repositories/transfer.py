"""Rows as records that another instance can read: times in UTC, other rows by their natural names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from bot.core.ids import SEQ_BITS, conversation_of, conversation_range
from bot.db.models import (
    Attachment,
    Base,
    Booking,
    Chat,
    ChatMember,
    Chunk,
    Conversation,
    DialogueState,
    Document,
    Memory,
    MemorySource,
    Message,
    MessageRef,
    MessageVersion,
    Profile,
    User,
)

Record = dict[str, Any]
ROWS = 500

_USER = ("platform", "external_id", "first_name", "last_name", "username", "language_code", "application",
         "created_at", "last_seen_at")  # fmt: skip
_PROFILE = ("language", "timezone", "pronouns", "communication_style", "response_length",
            "relevance_threshold", "preferences")  # fmt: skip
_CHAT = ("platform", "external_id", "type", "title", "approved", "settings", "created_at", "updated_at")
_CONVERSATION = ("id", "topic_id", "title", "status", "context_summary", "summary_upto_seq", "message_count",
                 "window_from_seq", "external_id", "application", "archived_at", "cleared_at",
                 "last_message_at", "created_at", "updated_at")  # fmt: skip
_MESSAGE = ("sender_label", "direction", "content_type", "content", "token_count", "importance",
            "relevance_score", "context_entries_used", "processing_time_ms", "quote", "forwarded_from",
            "sent_at", "edited_at", "expires_at")  # fmt: skip
_FILE = ("kind", "file_id", "unique_id", "mime", "size", "width", "height", "name", "description")
_FACT = ("subject", "kind", "text", "text_key", "scope", "sensitive", "priority", "tags", "pinned", "origin",
         "valid_at", "invalid_at", "closed_as", "expires_at", "last_used_at", "archived_at",
         "created_at")  # fmt: skip
_STATE = ("type", "data", "created_at", "updated_at", "expires_at")
_BOOKING = ("service", "master", "date", "time", "phone", "status", "details", "created_at", "cancelled_at")
_DOCUMENT = ("title", "mime", "size", "digest", "created_at", "updated_at")
_SHOWN: ColumnElement[bool] = and_(Conversation.status != "deleted", Conversation.incognito.is_(False))
_CHUNK = ("page", "heading", "text", "token_count")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: one person's everything, one conversation, or (both None) the whole instance."""

    user_id: int | None = None
    conversation_no: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is the instance."""
        return self.user_id is None and self.conversation_no is None


def taken(row: Base, names: Sequence[str]) -> Record:
    """The named columns of a row, times as text."""
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def name_of(row: User | Chat | None) -> str | None:
    """A user or chat by its platform's name, such as "tg:101"."""
    return None if row is None else f"{row.platform}:{row.external_id}"


def users(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next users with their preferences, each with its place in the order."""
    which = true() if wanted.user_id is None else User.id == wanted.user_id
    if wanted.conversation_no is not None:
        which = User.id.in_(_speakers(wanted.conversation_no))
    rows = session.scalars(select(User).where(which, User.id > after).order_by(User.id).limit(ROWS))
    found = []
    for user in rows:
        profile = session.get(Profile, user.id) if wanted.conversation_no is None else None
        more = {"profile": taken(profile, _PROFILE) if profile is not None else None}
        found.append((user.id, taken(user, _USER) | more))
    return found


def _speakers(no: int) -> Select[int]:
    within = Message.id.between(*conversation_range(no)), Message.sender_id.is_not(None)
    senders: Select[Any] = select(Message.sender_id).where(*within)
    return senders.union(select(Conversation.user_id).where(Conversation.no == no))  # type: ignore[return-value]


def chats(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next chats in which something of it was said or kept."""
    which: ColumnElement[bool] = true()
    if not wanted.whole:
        talked = select(Conversation.chat_id).where(_talks(wanted))
        kept = select(DialogueState.chat_id).where(DialogueState.user_id == wanted.user_id)
        facts = select(Memory.chat_id).where(Memory.user_id == wanted.user_id)
        which = or_(Chat.id.in_(talked), Chat.id.in_(kept), Chat.id.in_(facts))
    rows = session.scalars(select(Chat).where(which, Chat.id > after).order_by(Chat.id).limit(ROWS)).all()
    if not wanted.whole:
        return [(chat.id, taken(chat, _CHAT)) for chat in rows]
    members = _members(session, [chat.id for chat in rows])
    return [(chat.id, taken(chat, _CHAT) | {"members": members.get(chat.id, [])}) for chat in rows]


def _members(session: Session, chat_ids: Sequence[int]) -> dict[int, list[Record]]:
    """Who is, or was, a member of which chat: of that hangs who may recall what was said there."""
    found: dict[int, list[Record]] = {}
    query = select(ChatMember, User).join(User, User.id == ChatMember.user_id)
    query = query.where(ChatMember.chat_id.in_(chat_ids)).order_by(ChatMember.chat_id, ChatMember.user_id)
    for member, user in session.execute(query):
        row = {"user": name_of(user), **taken(member, ("joined_at", "left_at"))}
        found.setdefault(member.chat_id, []).append(row)
    return found


def conversations(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next conversations; neither deleted nor incognito ones."""
    rows = session.execute(
        select(Conversation, Chat, User)
        .join(Chat, Chat.id == Conversation.chat_id)
        .outerjoin(User, User.id == Conversation.user_id)
        .where(_talks(wanted), Conversation.no > after)
        .order_by(Conversation.no)
        .limit(ROWS)
    )
    found = []
    for row, chat, user in rows:
        record = taken(row, _CONVERSATION) | {
            "chat": name_of(chat), "user": name_of(user), "metadata": row.meta, "own": _own(row, wanted),
        }  # fmt: skip
        if not _own(row, wanted):
            # What others said there is theirs, and so is what was summed up of it.
            record |= {"context_summary": None, "message_count": None, "last_message_at": None}
        found.append((row.no, record))
    return found


def _own(row: Conversation, wanted: Wanted) -> bool:
    return wanted.user_id is None or row.user_id == wanted.user_id


def _talks(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.conversation_no is not None:
        return and_(_SHOWN, Conversation.no == wanted.conversation_no)
    if wanted.user_id is None:
        return _SHOWN
    spoke = select(Message.id).where(Message.sender_id == wanted.user_id)
    begin, end = Conversation.no * (1 << SEQ_BITS), (Conversation.no + 1) * (1 << SEQ_BITS)
    inside = spoke.where(Message.id > begin, Message.id < end)
    return and_(_SHOWN, or_(Conversation.user_id == wanted.user_id, inside.exists()))


def messages(
    session: Session, wanted: Wanted, no: int, conversation_id: str, own: bool, after: int, now: datetime
) -> list[tuple[int, Record]]:
    """The next messages of a conversation; where others speak too, the person's and the answers to them."""
    first, last = conversation_range(no)
    alive = or_(Message.expires_at.is_(None), Message.expires_at > now)
    query = select(Message).where(Message.id.between(max(first, after + 1), last), alive)
    if not own:
        theirs = select(Message.id).where(
            Message.id.between(first, last), Message.sender_id == wanted.user_id
        )
        answers = and_(Message.direction == "outgoing", Message.reply_to.in_(theirs))
        query = query.where(or_(Message.sender_id == wanted.user_id, answers))
    rows = session.scalars(query.order_by(Message.id).limit(ROWS)).all()
    ids = [row.id for row in rows]
    senders = _named(session, {row.sender_id for row in rows})
    files = _grouped(session, Attachment, Attachment.message_id, ids, lambda a: taken(a, _FILE))
    refs = _grouped(session, MessageRef, MessageRef.message_id, ids, lambda r: r.external_id)
    versions = _grouped(
        session, MessageVersion, MessageVersion.message_id, ids,
        lambda v: taken(v, ("content", "replaced_at")),
    )  # fmt: skip
    return [
        (row.id, {
            "id": str(row.id), "conversation": conversation_id, "sender": senders.get(row.sender_id),
            **taken(row, _MESSAGE), "reply_to": None if row.reply_to is None else str(row.reply_to),
            "metadata": row.meta, "refs": refs.get(row.id, []), "files": files.get(row.id, []),
            "versions": versions.get(row.id, []),
        })
        for row in rows
    ]  # fmt: skip


def _named(session: Session, ids: set[int | None]) -> dict[int | None, str | None]:
    rows = session.scalars(select(User).where(User.id.in_(ids - {None})))
    return {row.id: name_of(row) for row in rows}


def _grouped(
    session: Session, table: Any, column: Any, ids: Sequence[int], shown: Callable[[Any], Any]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.scalars(select(table).where(column.in_(ids)).order_by(*table.__table__.primary_key)):
        found.setdefault(row.message_id, []).append(shown(row))
    return found


def facts(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next facts, also those that are over; not the deleted ones."""
    which: ColumnElement[bool] = Memory.user_id == wanted.user_id if wanted.user_id is not None else true()
    if wanted.conversation_no is not None:
        which = false()
    rows = session.execute(
        select(Memory, User, Chat, Conversation)
        .outerjoin(User, User.id == Memory.user_id)
        .outerjoin(Chat, Chat.id == Memory.chat_id)
        .outerjoin(Conversation, Conversation.no == Memory.conversation_no)
        .where(which, Memory.deleted_at.is_(None), Memory.id > after)
        .order_by(Memory.id)
        .limit(ROWS)
    ).all()
    found = []
    for row, user, chat, place in rows:
        sources = session.scalars(select(MemorySource).where(MemorySource.memory_id == row.id))
        found.append((row.id, {
            "id": row.id, **taken(row, _FACT), "user": name_of(user), "chat": name_of(chat),
            "conversation": _id_of(place), "superseded_by": row.superseded_by,
            "sources": [_source(session, source) for source in sources],
        }))  # fmt: skip
    return found


def _id_of(conversation: Conversation | None) -> str | None:
    return None if conversation is None else conversation.id


def _source(session: Session, source: MemorySource) -> Record:
    place = None
    if source.message_id is not None:
        no = conversation_of(source.message_id)
        place = session.scalar(select(Conversation.id).where(Conversation.no == no, _SHOWN))
    message = str(source.message_id) if place else None
    return {"message": message, "conversation": place, "quote": source.quote}


def states(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next dialogue states."""
    return [
        (row.id, more | taken(row, _STATE)) for row, more in _of_users(session, DialogueState, wanted, after)
    ]


def bookings(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next bookings."""
    return [(row.id, more | taken(row, _BOOKING)) for row, more in _of_users(session, Booking, wanted, after)]


def documents(session: Session, wanted: Wanted, after: int) -> list[tuple[int, Record]]:
    """The next documents with their passages."""
    found = []
    for row, more in _of_users(session, Document, wanted, after):
        passages = session.scalars(select(Chunk).where(Chunk.document_id == row.id).order_by(Chunk.position))
        content = {"metadata": row.meta, "passages": [taken(passage, _CHUNK) for passage in passages]}
        found.append((row.id, more | taken(row, _DOCUMENT) | content))
    return found


def _of_users(session: Session, table: Any, wanted: Wanted, after: int) -> Iterator[tuple[Any, Record]]:
    if wanted.conversation_no is not None:
        return
    which = true() if wanted.user_id is None else table.user_id == wanted.user_id
    rows = session.execute(
        select(table, User, Chat)
        .outerjoin(User, User.id == table.user_id)
        .outerjoin(Chat, Chat.id == table.chat_id)
        .where(which, table.id > after)
        .order_by(table.id)
        .limit(ROWS)
    )
    for row, user, chat in rows:
        yield row, {"user": name_of(user), "chat": name_of(chat)}
