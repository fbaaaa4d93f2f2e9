"""A group becomes a supergroup: its row goes on under the new id, with all that was said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, delete, insert, select, update
from sqlalchemy.orm import Session, aliased

from bot.core.ids import SEQ_BITS, conversation_range
from bot.db.models import (
    Base,
    Chat,
    ChatMember,
    Conversation,
    Delivery,
    DialogueState,
    ExtractionMark,
    Message,
    MessageRef,
    Summary,
    Vector,
)
from bot.db.repositories import people, talk
from bot.db.search import move_owner
from bot.db.upsert import insert_new

_ONE_PER_CHAT = (ChatMember.__table__, Summary.__table__, DialogueState.__table__)
"""Tables whose rows of both chats may collide; they are merged one by one."""

_MESSAGE_COLUMNS = ("message_id", "reply_message_id", "reply_to")
"""Columns that hold a message's id, with or without a foreign key."""


def become_supergroup(session: Session, platform: str, old: str, new: str, now: datetime) -> bool:
    """Give the chat its new id; False when there is nothing (more) to do.

    Where messages of the supergroup came first and made a row of its own, the two become one.
    """
    ids = select(Chat).where(Chat.platform == platform, Chat.external_id.in_((old, new)))
    locked = ids.order_by(Chat.id).with_for_update().execution_options(populate_existing=True)
    rows = {row.external_id: row for row in session.scalars(locked)}
    if not rows:
        return False
    people.set_meta_once(session, people.moved_key(platform, old), {"to": new}, now)
    kept = rows.get(old)
    if kept is None:
        return False
    _mark_former(session, kept, old)
    young = rows.get(new)
    if young is not None:
        _merge(session, kept, young, now)
    for conversation in _conversations(session, kept.id):
        conversation.scope_key = _renamed(conversation.scope_key, platform, old, new)
    kept.external_id, kept.type, kept.updated_at = new, "supergroup", now
    session.flush()
    return True


def _mark_former(session: Session, chat: Chat, old: str) -> None:
    """Message ids begin anew in a supergroup: the old ones must not be taken for new ones.

    What is still owed is shown in the new group: the messages that began to carry it stay in the old one.
    """
    prefix = talk.former_id(old, "")
    session.execute(
        update(MessageRef)
        .where(MessageRef.chat_id == chat.id, ~MessageRef.external_id.contains(":"))
        .values(external_id=prefix + MessageRef.external_id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Delivery)
        .where(Delivery.chat_external_id == old, Delivery.status == "open")
        .values(external_ids=[])
        .execution_options(synchronize_session=False)
    )


def _renamed(scope_key: str, platform: str, old: str, new: str) -> str:
    before = f"{platform}:{old}:"
    return f"{platform}:{new}:{scope_key.removeprefix(before)}" if scope_key.startswith(before) else scope_key


def _conversations(session: Session, chat_id: int) -> list[Conversation]:
    rows = select(Conversation).where(Conversation.chat_id == chat_id).order_by(Conversation.no)
    return list(session.scalars(rows.with_for_update().execution_options(populate_existing=True)))


def _merge(session: Session, kept: Chat, young: Chat, now: datetime) -> None:
    """Bring everything of the young row under the kept one, and remove the young."""
    old_ones = {
        _renamed(c.scope_key, kept.platform, kept.external_id, young.external_id): c
        for c in _conversations(session, kept.id)
        if c.status == "active"
    }
    for conversation in _conversations(session, young.id):
        twin = old_ones.get(conversation.scope_key)
        if conversation.status == "active" and twin is not None:
            append_all(session, twin, conversation, now)
    members = session.scalars(select(ChatMember).where(ChatMember.chat_id == young.id))
    rows = [{"chat_id": kept.id, "user_id": m.user_id, "joined_at": m.joined_at} for m in members]
    insert_new(session, ChatMember, rows, ["chat_id", "user_id"])
    _move_summaries(session, kept.id, young.id)
    _move_states(session, kept.id, young.id)
    move_owner(session, f"c{young.id}", f"c{kept.id}")
    for column in _referring_to("chats.id"):
        if column.table not in _ONE_PER_CHAT:
            _shift(session, column, young.id, young.id, kept.id - young.id)
    kept.title = young.title or kept.title
    kept.approved = kept.approved if kept.approved is not None else young.approved
    kept.settings = young.settings | kept.settings
    session.flush()
    session.execute(delete(Chat).where(Chat.id == young.id).execution_options(synchronize_session=False))
    session.expunge(young)


def _move_summaries(session: Session, kept_id: int, young_id: int) -> None:
    own = aliased(Summary)
    twin = select(own.id).where(
        own.chat_id == kept_id, own.topic_id == Summary.topic_id, own.kind == Summary.kind
    )
    session.execute(
        update(Summary)
        .where(Summary.chat_id == young_id, ~twin.exists())
        .values(chat_id=kept_id)
        .execution_options(synchronize_session=False)
    )


def _move_states(session: Session, kept_id: int, young_id: int) -> None:
    """Somebody's state of the young chat is the later one: it takes the place of the other."""
    later = aliased(DialogueState)
    twin = select(later.id).where(
        later.chat_id == young_id, later.user_id == DialogueState.user_id, later.type == DialogueState.type
    )
    session.execute(
        delete(DialogueState)
        .where(DialogueState.chat_id == kept_id, twin.exists())
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DialogueState)
        .where(DialogueState.chat_id == young_id)
        .values(chat_id=kept_id)
        .execution_options(synchronize_session=False)
    )


def append_all(session: Session, kept: Conversation, young: Conversation, now: datetime) -> None:
    """Put the young conversation's messages behind the kept one's.

    Every id moves by the same distance, in every column that holds one.
    """
    session.flush()
    first, last = conversation_range(young.no)
    distance = ((kept.no - young.no) << SEQ_BITS) + kept.next_seq - 1
    _copy_messages(session, first, last, distance)
    for table in Base.metadata.tables.values():
        for name in _MESSAGE_COLUMNS:
            if name in table.c and isinstance(table.c[name].type, BigInteger):
                _shift(session, table.c[name], first, last, distance)
    _join_marks(session, kept.no, young.no, distance)
    vectors = update(Vector).where(Vector.kind == "message", Vector.item_id.between(first, last))
    session.execute(vectors.values(item_id=Vector.item_id + distance, owner=f"c{kept.chat_id}"))
    session.execute(
        delete(Message)
        .where(Message.id >= first, Message.id <= last)
        .execution_options(synchronize_session=False)
    )
    for column in _referring_to("conversations.no"):
        _shift(session, column, young.no, young.no, kept.no - young.no)
    kept.next_seq += young.next_seq - 1
    kept.message_count += young.message_count
    times = [at for at in (kept.last_message_at, young.last_message_at) if at is not None]
    kept.last_message_at, kept.updated_at = max(times, default=None), now
    session.delete(young)
    session.flush()


def _join_marks(session: Session, kept: int, young: int, distance: int) -> None:
    """How far people were read: where both conversations tell, what waits in either waits in the kept one.

    Some of it may be read once more then, which does no harm.
    """
    session.execute(
        update(ExtractionMark)
        .where(ExtractionMark.conversation_no == young)
        .values(upto_id=ExtractionMark.upto_id + distance)
        .execution_options(synchronize_session=False)
    )
    rows = select(ExtractionMark).where(ExtractionMark.conversation_no.in_((kept, young)))
    marks = session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()
    old = {mark.user_id: mark for mark in marks if mark.conversation_no == kept}
    for mark in marks:
        twin = old.get(mark.user_id)
        if twin is None or twin is mark:
            continue
        if twin.waiting_since is None:
            twin.upto_id, twin.waiting_since = mark.upto_id, mark.waiting_since
        twin.waiting_tokens += mark.waiting_tokens
        twin.last_at = mark.last_at or twin.last_at
        session.delete(mark)
    session.flush()


def _copy_messages(session: Session, first: int, last: int, distance: int) -> None:
    table = Message.__table__
    columns = [column for column in table.c if column.name != "id"]
    copied = select((table.c.id + distance).label("id"), *columns).where(table.c.id.between(first, last))
    session.execute(insert(Message).from_select(["id", *(column.name for column in columns)], copied))


def _referring_to(target: str) -> list[Column[int]]:
    return [
        column
        for table in Base.metadata.tables.values()
        for column in table.c
        if any(key.target_fullname == target for key in column.foreign_keys)
    ]


def _shift(session: Session, column: Column[int], first: int, last: int, distance: int) -> None:
    if distance:
        statement = update(column.table).where(column.between(first, last))
        session.execute(statement.values({column: column + distance}))
