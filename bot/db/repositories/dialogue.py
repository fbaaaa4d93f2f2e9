"""Dialogue states: of one person in one chat, one of each type, none past its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef
from bot.core.scope import Scope
from bot.db.models import Chat, DialogueState, User
from bot.db.repositories import people


def lock_owner(session: Session, user_id: int) -> None:
    """Let one unit at a time change a person's states, until its commit."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def active(session: Session, scope: Scope, now: datetime) -> Sequence[DialogueState]:
    """What has not expired, the latest touched first."""
    if scope.user_id is None or scope.chat_id is None:
        return ()
    return session.scalars(
        select(DialogueState)
        .where(
            DialogueState.user_id == scope.user_id,
            DialogueState.chat_id == scope.chat_id,
            DialogueState.expires_at > now,
        )
        .order_by(DialogueState.updated_at.desc(), DialogueState.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def find(session: Session, scope: Scope, type_: str, now: datetime) -> DialogueState | None:
    """The state of a type, None when there is none or its time is over."""
    return next((state for state in active(session, scope, now) if state.type == type_), None)


def put(
    session: Session, scope: Scope, type_: str, data: dict[str, Any], now: datetime, expires_at: datetime
) -> DialogueState:
    """Store a state in place of one of the same type, under an id that no button knows yet."""
    clear(session, scope, now, type_)
    state = DialogueState(
        user_id=scope.user_id, chat_id=scope.chat_id, type=type_, data=data,
        created_at=now, updated_at=now, expires_at=expires_at,
    )  # fmt: skip
    session.add(state)
    session.flush()
    return state


def clear(session: Session, scope: Scope, now: datetime, type_: str | None = None) -> int:
    """Delete the states of a person in a chat, or the one of a type; how many had not expired."""
    if scope.user_id is None or scope.chat_id is None:
        return 0
    alive = [state.id for state in active(session, scope, now) if type_ in (None, state.type)]
    query = delete(DialogueState).where(
        DialogueState.user_id == scope.user_id, DialogueState.chat_id == scope.chat_id
    )
    if type_ is not None:
        query = query.where(DialogueState.type == type_)
    session.execute(query)
    session.expire_all()
    return len(alive)


def purge_expired(session: Session, now: datetime) -> int:
    """Delete what has expired, everybody's; how many there were."""
    result = session.execute(delete(DialogueState).where(DialogueState.expires_at <= now))
    return cast("CursorResult[Any]", result).rowcount


def home_ref(user: User) -> ChatRef:
    """The chat in which a person's private states stand: with the bot at Telegram, else one of their own."""
    if user.platform == "tg":
        return ChatRef(user.external_id, "private")
    return ChatRef(f"home:{user.id}", "api", platform="api")


def home_of(session: Session, user: User, now: datetime) -> Scope:
    """A person's private scope, its chat made at first use."""
    chat = people.upsert_chat(session, home_ref(user), now)
    session.flush()
    return Scope(user.id, chat.id, private=True)


def known_home(session: Session, user: User) -> Scope:
    """The same without making anything; where there is no chat yet, the scope sees nothing."""
    chat = people.find_chat(session, home_ref(user))
    return Scope(user.id, None if chat is None else chat.id, private=True)


def scope_in(session: Session, scope: Scope) -> Scope:
    """The scope of the states that belong into a chat: in sessions over HTTP the person's private one."""
    if scope.user_id is None or scope.chat_id is None:
        return scope
    chat, user = session.get(Chat, scope.chat_id), session.get(User, scope.user_id)
    if chat is None or user is None or chat.type != "api":
        return scope
    return known_home(session, user)
