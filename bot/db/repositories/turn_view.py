"""Everything a turn's context is made of, read on one snapshot under one scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, literal_column, select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.core.views import Persona, ProfileView, SummaryView, TurnView
from bot.db.models import Chat, Conversation, Profile, Summary, Turn, User
from bot.db.repositories import memories, memory_records, people, talk
from bot.db.repositories.turn_messages import QUOTE_LENGTH, ViewLimits, find_messages

__all__ = ["QUOTE_LENGTH", "ViewLimits", "load_for_chat", "load_for_turn"]

_OF_ITS_PLACE = and_(
    Summary.chat_id == Conversation.chat_id, Summary.topic_id == func.coalesce(Conversation.topic_id, 0)
)


def load_for_turn(session: Session, turn_id: int, limits: ViewLimits) -> TurnView:
    """The view of a turn that is being answered. Raises NotFound when it is gone."""
    found = session.execute(
        select(Turn, Conversation, Chat, User, Profile, Summary)
        .join(Conversation, Conversation.no == Turn.conversation_no)
        .join(Chat, Chat.id == Turn.chat_id)
        .join(User, User.id == Turn.user_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .outerjoin(Summary, _OF_ITS_PLACE)
        .where(Turn.id == turn_id)
    ).all()
    if not found:
        raise NotFound(f"turn {turn_id} is gone")
    turn, conversation, chat, user, profile, _ = found[0]
    known = _Known(conversation, chat, user, people.profile_view(profile), [row[-1] for row in found], turn)
    return _view(session, known, limits)


def load_for_chat(session: Session, chat: ChatRef, person: Person, limits: ViewLimits) -> TurnView:
    """The view of a chat as one person would be answered now, with no current message.

    Raises NotFound when the chat or the person is unknown.
    """
    chat_row = people.find_chat(session, chat)
    asker = session.execute(
        select(User, Profile)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(User.platform == person.platform, User.external_id == person.external_id)
    ).one_or_none()
    if chat_row is None or asker is None:
        raise NotFound("no such chat or person")
    user, profile = asker
    key = talk.scope_key(people.as_chat_ref(chat_row, chat.topic_id), user)
    found = session.execute(
        select(Conversation, Summary)
        .outerjoin(Summary, _OF_ITS_PLACE)
        .where(Conversation.scope_key == key, Conversation.status == literal_column("'active'"))
    ).all()
    if not found:
        raise NotFound("the chat has no active conversation")
    summaries = [row[-1] for row in found]
    known = _Known(found[0][0], chat_row, user, people.profile_view(profile), summaries, None)
    return _view(session, known, limits)


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows that say whose view it is, and where."""

    conversation: Conversation
    chat: Chat
    user: User
    profile: ProfileView
    summaries: Sequence[Summary | None]
    turn: Turn | None


def _view(session: Session, known: _Known, limits: ViewLimits) -> TurnView:
    conversation, chat, user, profile, turn = (
        known.conversation, known.chat, known.user, known.profile, known.turn,
    )  # fmt: skip
    ref = people.as_chat_ref(chat, conversation.topic_id)
    asker_id = None if people.stands_for_chat(user) else user.id
    scope = Scope(user_id=asker_id, chat_id=chat.id, private=ref.private)
    messages = find_messages(session, conversation, turn.id if turn else None, limits)
    standing = memory_records.standing(session, chat.id, conversation.no, limits.now)
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
        persona=Persona.stored(chat.settings.get("persona")),
        context_summary=conversation.context_summary if conversation.status != "deleted" else None,
        current=messages.current,
        replied=messages.replied,
        history=messages.history,
        important=messages.important,
        rules=standing.rules,
        notes=standing.notes,
        facts=tuple(memories.valid_facts(session, scope, limits.now)),
        summaries=_summaries(known.summaries),
    )


def _summaries(rows: Sequence[Summary | None]) -> tuple[SummaryView, ...]:
    views = (
        SummaryView(row.kind, row.text, row.token_count, row.period_start, row.period_end)
        for row in rows
        if row is not None
    )
    return tuple(sorted(views, key=lambda view: view.kind))
