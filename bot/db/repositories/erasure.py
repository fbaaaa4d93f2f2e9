"""Erasing a person: what belongs to it, the messages a batch at a time, then everything else at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of, conversation_range
from bot.db.models import (
    ApiKey,
    Base,
    Booking,
    Chat,
    ChatMember,
    Chunk,
    Conversation,
    Delivery,
    DialogueState,
    Document,
    Erasure,
    ExtractionMark,
    Import,
    Memory,
    MemorySource,
    Message,
    MessageRef,
    Profile,
    SearchItem,
    Summary,
    Trace,
    Turn,
    TurnMessage,
    TurnStep,
    UsageRow,
    User,
    Vector,
)
from bot.db.repositories import (
    audit,
    erasure_jobs,
    idempotency,
    knowledge,
    running_summaries,
    summaries,
    topics,
    turns,
)
from bot.db.repositories.holders import batched

BATCH = 500
"""Messages that go in one transaction, so that nobody else waits long for the writer."""

_PRIVATE = ("private", "api")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What of the rows concerns a person.

    `messages` are theirs and the answers to them, `replies` how many of those the bot wrote, `quoting` the
    messages of others that quote them. `own_chats` are those that only they read; `shared` are conversations
    of others in which they spoke, `places` the chats of those.
    """

    user_id: int
    external_id: str
    platform: str
    messages: Sequence[int] = ()
    replies: int = 0
    quoting: Sequence[int] = ()
    conversations: Sequence[int] = ()
    own_chats: Sequence[int] = ()
    shared: Sequence[int] = ()
    places: Sequence[int] = ()
    turns: Sequence[int] = ()


@dataclass(slots=True)
class _Found:
    messages: set[int] = field(default_factory=set)
    replies: set[int] = field(default_factory=set)
    quoting: set[int] = field(default_factory=set)


def belongings(session: Session, user: User) -> Belongings:
    """Everything that has to go, by ids."""
    own = list(session.scalars(select(Conversation.no).where(Conversation.user_id == user.id)))
    own_chats = _own_chats(session, user)
    inside = select(Conversation.no).where(Conversation.chat_id.in_(own_chats))
    own = sorted({*own, *session.scalars(inside)})
    found = _Found()
    for no in own:
        for message, direction in session.execute(
            select(Message.id, Message.direction).where(Message.id.between(*conversation_range(no)))
        ):
            found.messages.add(message)
            if direction == "outgoing":
                found.replies.add(message)
    found.messages |= set(session.scalars(select(Message.id).where(Message.sender_id == user.id)))
    spoke = {conversation_of(message) for message in found.messages} - set(own)
    places = set(session.scalars(select(Conversation.chat_id).where(Conversation.no.in_(spoke))))
    places |= set(session.scalars(select(ChatMember.chat_id).where(ChatMember.user_id == user.id)))
    places -= set(own_chats)
    shared = list(session.scalars(select(Conversation.no).where(Conversation.chat_id.in_(places))))
    mine = list(session.execute(select(Turn.id, Turn.reply_message_id).where(Turn.user_id == user.id)))
    answers = {reply for _, reply in mine if reply is not None}
    found.messages |= answers
    found.replies |= answers
    _follow(session, shared, found)
    return Belongings(
        user.id, user.external_id, user.platform, sorted(found.messages), len(found.replies),
        sorted(found.quoting), own, own_chats, sorted(shared), sorted(places), sorted(t for t, _ in mine),
    )  # fmt: skip


def _own_chats(session: Session, user: User) -> list[int]:
    """Chats that nobody else reads: those of their conversations, and the private one."""
    mine = select(Conversation.chat_id).where(Conversation.user_id == user.id)
    private = (Chat.platform == user.platform) & (Chat.external_id == user.external_id)
    rows = select(Chat.id).where(Chat.type.in_(_PRIVATE), or_(Chat.id.in_(mine), private))
    return sorted(session.scalars(rows))


def _follow(session: Session, conversations: Iterable[int], found: _Found) -> None:
    """The bot's replies to what they said, and others' messages that quote it."""
    for no in conversations:
        replying = select(Message.id, Message.direction, Message.reply_to).where(
            Message.id.between(*conversation_range(no)), Message.reply_to.is_not(None)
        )
        for message, direction, reply_to in session.execute(replying):
            if reply_to not in found.messages or message in found.messages:
                continue
            if direction == "outgoing":
                found.messages.add(message)
                found.replies.add(message)
            else:
                found.quoting.add(message)


def stop(session: Session, whose: Belongings, now: datetime) -> None:
    """Let nothing be answered or handled any more that came from the person."""
    owed = select(Turn.id).where(Turn.user_id == whose.user_id, Turn.status.in_(turns.OPEN))
    turns.request_stop(session, list(session.scalars(owed)))
    erasure_jobs.forget(session, whose, now)


def erase_messages(session: Session, ids: Sequence[int]) -> None:
    """Delete some of the messages with everything that stands on them."""
    _erase_facts(session, ids)
    of_them = select(Document).where(Document.message_id.in_(ids))
    for document in session.scalars(of_them).all():
        knowledge.remove(session, document)
    _run(session, delete(TurnMessage).where(TurnMessage.message_id.in_(ids)))
    _run(session, delete(Vector).where(Vector.kind == "message", Vector.item_id.in_(ids)))
    there = session.scalars(select(Message.id).where(Message.id.in_(ids))).all()
    for no, count in Counter(map(conversation_of, there)).items():
        fewer = update(Conversation).where(Conversation.no == no)
        _run(session, fewer.values(message_count=Conversation.message_count - count))
    _run(session, delete(Message).where(Message.id.in_(ids)))


def _erase_facts(session: Session, ids: Sequence[int]) -> None:
    """Inferred facts that stand on nothing else go whole; explicit ones of others stay, without the quote."""
    touched = set(session.scalars(select(MemorySource.memory_id).where(MemorySource.message_id.in_(ids))))
    _run(session, delete(MemorySource).where(MemorySource.message_id.in_(ids)))
    left = select(MemorySource.id).where(MemorySource.memory_id == Memory.id)
    for some in batched(touched, BATCH):
        bare = Memory.id.in_(some), Memory.origin != "explicit", ~left.exists()
        _run(session, delete(Memory).where(*bare))


def unquote(session: Session, ids: Sequence[int]) -> None:
    """Others' replies stay, without the words that they quoted."""
    _run(session, update(Message).where(Message.id.in_(ids)).values(reply_to=None, quote=None))


def erase_rest(session: Session, whose: Belongings, now: datetime) -> Counter[str]:
    """Delete everything but messages, the person's own row last. Returns what was removed, by kind."""
    removed: Counter[str] = Counter()
    erasure_jobs.forget(session, whose, now)
    removed["summaries"] = _erase_summaries(session, whose)
    _erase_prompts(session, whose)
    removed["facts"] = _erase_memories(session, whose)
    removed["documents"] = _erase_documents(session, whose)
    for name, table in (("states", DialogueState), ("bookings", Booking), ("keys", ApiKey)):
        removed[name] = _run(session, delete(table).where(table.user_id == whose.user_id))
    for column in (Profile.user_id, ChatMember.user_id, ExtractionMark.user_id):
        _run(session, delete(column.class_).where(column == whose.user_id))
    _run(session, update(UsageRow).where(UsageRow.user_id == whose.user_id).values(user_id=None))
    _erase_flow(session, whose)
    idempotency.drop_all(session)
    audit.forget(session, whose.platform, whose.external_id)
    topics.forget(session, now)
    _run(session, delete(Import).where(Import.owner == owner_key(whose.platform, whose.external_id)))
    owners = [f"u{whose.user_id}", *(f"c{chat}" for chat in whose.own_chats)]
    _run(session, delete(SearchItem).where(SearchItem.owner.in_(owners)))
    _run(session, delete(Vector).where(Vector.owner.in_(owners)))
    removed["conversations"] = _in_parts(session, Conversation, Conversation.no, whose.conversations)
    _in_parts(session, Chat, Chat.id, whose.own_chats)
    _run(session, delete(User).where(User.id == whose.user_id))
    return removed


def owner_key(platform: str, external_id: str) -> str:
    """Under which name a person owns imports."""
    return f"{platform}:{external_id}"[:255]


def _erase_prompts(session: Session, whose: Belongings) -> None:
    """Kept prompts and results of tools, wherever what the person said may stand in them.

    That is in the chats where they spoke, and with the people of those, who recall it wherever they ask.
    """
    near = select(ChatMember.user_id).where(ChatMember.chat_id.in_(whose.places))
    by_them = or_(Turn.chat_id.in_(whose.places), Turn.user_id.in_(near))
    turns.unkeep(session, by_them)
    asked = select(Turn.id).where(by_them)
    _run(session, update(Trace).where(Trace.turn_id.in_(asked)).values(prompt=None))
    settled = select(Turn.id).where(Turn.id.in_(asked), Turn.status.not_in(turns.OPEN))
    _run(session, delete(TurnStep).where(TurnStep.turn_id.in_(settled)))


def _erase_summaries(session: Session, whose: Belongings) -> int:
    chats = [*whose.places, *whose.own_chats]
    period = select(func.count()).select_from(Summary).where(Summary.chat_id.in_(chats))
    own = Conversation.no.in_([*whose.shared, *whose.conversations])
    running = select(func.count()).select_from(Conversation).where(own, Conversation.context_summary != "")
    count = (session.scalar(period) or 0) + (session.scalar(running) or 0)
    for chat in chats:
        summaries.restart(session, chat)
    for no in whose.shared:
        running_summaries.forget(session, no)
    return count


def _erase_memories(session: Session, whose: Belongings) -> int:
    count = _run(session, delete(Memory).where(Memory.user_id == whose.user_id))
    # Before their chats go: a rule of one chat would become one for all.
    _in_parts(session, Memory, Memory.chat_id, whose.own_chats)
    _in_parts(session, Memory, Memory.conversation_no, whose.conversations)
    return count


def _erase_documents(session: Session, whose: Belongings) -> int:
    mine = or_(Document.user_id == whose.user_id, Document.chat_id.in_(whose.own_chats))
    ids = list(session.scalars(select(Document.id).where(mine)))
    _in_parts(session, Chunk, Chunk.document_id, ids)
    return _in_parts(session, Document, Document.id, ids)


def _erase_flow(session: Session, whose: Belongings) -> None:
    keys = [turns.delivery_key(turn) for turn in whose.turns]
    _in_parts(session, Delivery, Delivery.key, keys)
    own = select(Chat.external_id).where(Chat.id.in_(whose.own_chats), Chat.type.in_(_PRIVATE))
    _run(session, delete(Delivery).where(Delivery.chat_external_id.in_(own)))
    _in_parts(session, Turn, Turn.id, whose.turns)
    _in_parts(session, Turn, Turn.conversation_no, whose.conversations)
    _in_parts(session, MessageRef, MessageRef.chat_id, whose.own_chats)


def note(session: Session, person: str, receipt: dict[str, Any], now: datetime) -> int:
    """Write the tombstone's row; returns its id."""
    row = Erasure(person=person, receipt=receipt, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def last(session: Session, persons: Sequence[str]) -> Erasure | None:
    """The latest erasure of somebody, by any of the hashes they may stand under."""
    rows = select(Erasure).where(Erasure.person.in_(persons)).order_by(Erasure.id.desc()).limit(1)
    return session.scalar(rows)


def _in_parts(session: Session, table: type[Base], column: Any, values: Sequence[Any]) -> int:
    parts = (values[at : at + BATCH] for at in range(0, len(values), BATCH))
    return sum(_run(session, delete(table).where(_among(column, some))) for some in parts)


def _among(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(values)
    return found


def _run(session: Session, statement: Any) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    return done.rowcount
