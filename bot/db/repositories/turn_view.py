"""Everything a turn's context is made of, read on one snapshot under one scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.ids import conversation_range
from bot.core.messages import AttachmentRef, ChatRef, Person
from bot.core.scope import Scope
from bot.core.views import MessageView, ProfileView, SummaryView, TurnView
from bot.db.models import Attachment, Chat, Conversation, Message, Profile, Summary, Turn, TurnMessage, User
from bot.db.repositories import memories, people, talk

QUOTE_LENGTH = 200
"""Characters of a replied-to message that are read as its quote."""


@dataclass(frozen=True, slots=True)
class ViewLimits:
    """How many messages the history holds at most, and what time it is."""

    now: datetime
    history: int = 100
    default_language: str = "en"


def load_for_turn(session: Session, turn_id: int, limits: ViewLimits) -> TurnView:
    """The view of a turn that is being answered. Raises NotFound when it is gone."""
    found = session.execute(
        select(Turn, Conversation, Chat, User, Profile)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .join(Chat, Chat.id == Turn.chat_id)
        .join(User, User.id == Turn.user_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(Turn.id == turn_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"turn {turn_id} is gone")
    turn, conversation, chat, user, profile = found
    own, waiting = _turn_messages(session, turn)
    history = _history(session, conversation, limits.history, own | waiting)
    current = list(session.scalars(select(Message).where(Message.id.in_(own)).order_by(Message.id)))
    known = _Known(conversation, chat, user, people.profile_view(profile), turn)
    return _view(session, known, limits, current, history)


def _turn_messages(session: Session, turn: Turn) -> tuple[set[int], set[int]]:
    """The messages of this turn, and those of turns that still wait: they will be answered later."""
    own = session.scalars(select(TurnMessage.message_id).where(TurnMessage.turn_id == turn.id))
    # Not one query with OR: it would look at every turn that the conversation ever had.
    waiting = session.scalars(
        select(TurnMessage.message_id)
        .join(Turn, Turn.id == TurnMessage.turn_id)
        .where(Turn.conversation_no == turn.conversation_no, Turn.status == "waiting", Turn.id != turn.id)
    )
    return set(own), set(waiting)


def load_for_chat(session: Session, chat: ChatRef, person: Person, limits: ViewLimits) -> TurnView:
    """The view of a chat as one person would be answered now, with no current message.

    Raises NotFound when the chat or the person is unknown.
    """
    chat_row, user = people.find_chat(session, chat), people.find_user(session, person)
    if chat_row is None or user is None:
        raise NotFound("no such chat or person")
    ref = people.as_chat_ref(chat_row, chat.topic_id)
    conversation = talk.find_active(session, talk.scope_key(ref, user))
    if conversation is None:
        raise NotFound("the chat has no active conversation")
    profile = session.get(Profile, user.id)
    known = _Known(conversation, chat_row, user, people.profile_view(profile), None)
    return _view(session, known, limits, [], _history(session, conversation, limits.history, set()))


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows that say whose view it is, and where."""

    conversation: Conversation
    chat: Chat
    user: User
    profile: ProfileView
    turn: Turn | None


def _view(
    session: Session, known: _Known, limits: ViewLimits, current: list[Message], history: list[Message]
) -> TurnView:
    conversation, chat, user, profile, turn = (
        known.conversation, known.chat, known.user, known.profile, known.turn,
    )  # fmt: skip
    ref = people.as_chat_ref(chat, conversation.topic_id)
    asker_id = None if people.stands_for_chat(user) else user.id
    scope = Scope(user_id=asker_id, chat_id=chat.id, private=ref.private)
    replied = _replied(session, current)
    views = _views(session, [*history, *current, *([replied] if replied else [])])
    language = turn.language if turn else profile.language or user.language_code or limits.default_language
    return TurnView(
        scope=scope,
        chat=ref,
        asker=people.as_person(user),
        conversation_no=conversation.no,
        conversation_id=conversation.id,
        language=language,
        member_count=chat.member_count,
        turn_id=turn.id if turn else None,
        profile=profile,
        context_summary=conversation.context_summary,
        current=tuple(views[m.id] for m in current),
        replied=views[replied.id] if replied else None,
        history=tuple(views[m.id] for m in history),
        facts=tuple(memories.valid_facts(session, scope, limits.now)),
        summaries=_summaries(session, scope, conversation),
    )


def _summaries(session: Session, scope: Scope, conversation: Conversation) -> tuple[SummaryView, ...]:
    rows = session.scalars(
        select(Summary)
        .where(Summary.chat_id == scope.chat_id, Summary.topic_id == (conversation.topic_id or 0))
        .order_by(Summary.kind)
    )
    return tuple(
        SummaryView(row.kind, row.text, row.token_count, row.period_start, row.period_end) for row in rows
    )


def _history(session: Session, conversation: Conversation, limit: int, without: set[int]) -> list[Message]:
    first, last = conversation_range(conversation.no)
    rows = session.scalars(
        select(Message)
        .where(Message.id >= first, Message.id <= last)
        .order_by(Message.id.desc())
        .limit(limit + len(without))
    )
    kept = [row for row in rows if row.id not in without][:limit]
    return kept[::-1]


def _replied(session: Session, current: Sequence[Message]) -> Message | None:
    for message in current:
        target = session.get(Message, message.reply_to) if message.reply_to is not None else None
        if target is not None:
            return target
    return None


def _views(session: Session, messages: Sequence[Message]) -> dict[int, MessageView]:
    with_files = [m.id for m in messages if m.content_type != "text"]
    files = _attachments(session, with_files) if with_files else {}
    quotes = _quotes(session, messages)
    return {
        m.id: MessageView(
            id=m.id,
            outgoing=m.direction == "outgoing",
            label=m.sender_label,
            text=m.content,
            sent_at=m.sent_at,
            content_type=m.content_type,
            token_count=m.token_count,
            reply_to=m.reply_to,
            reply_quote=m.quote or quotes.get(m.reply_to or 0),
            forwarded_from=m.forwarded_from,
            edited=m.edited_at is not None,
            importance=m.importance,
            attachments=tuple(files.get(m.id, ())),
        )
        for m in messages
    }


def _quotes(session: Session, messages: Sequence[Message]) -> dict[int, str]:
    texts = {m.id: m.content[:QUOTE_LENGTH] for m in messages}
    missing = {m.reply_to for m in messages if m.reply_to is not None and m.quote is None} - texts.keys()
    if missing:
        beginning = func.substr(Message.content, 1, QUOTE_LENGTH).label("beginning")
        rows = session.execute(select(Message.id, beginning).where(Message.id.in_(missing)))
        texts |= {row.id: row.beginning for row in rows}
    return texts


def _attachments(session: Session, ids: Sequence[int]) -> dict[int, list[AttachmentRef]]:
    found: dict[int, list[AttachmentRef]] = {}
    for row in session.scalars(
        select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
    ):
        found.setdefault(row.message_id, []).append(
            AttachmentRef(
                kind=row.kind,  # type: ignore[arg-type]  # written from an AttachmentRef
                file_id=row.file_id, unique_id=row.unique_id, mime=row.mime, size=row.size,
                width=row.width, height=row.height, name=row.name,
            )
        )  # fmt: skip
    return found
