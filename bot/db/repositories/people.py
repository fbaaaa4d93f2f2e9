"""Users, their profiles, chats and membership."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.views import ProfileView
from bot.db.models import Chat, ChatMember, Meta, Profile, User
from bot.db.upsert import insert_new

SEEN_EVERY = 3600
"""Seconds between two updates of a person's last_seen_at: a write per message would say no more."""

MOST_TOPICS = 500
"""Topics of a chat whose titles are kept."""

_TOPICS = "topics"
CHAT_PERSON = "chat:"
"""How the external ids of stand-ins for chats begin."""


def find_user(session: Session, person: Person) -> User | None:
    """The row of a person, if they were ever stored."""
    return session.scalar(
        select(User).where(User.platform == person.platform, User.external_id == person.external_id)
    )


def upsert_user(session: Session, person: Person, now: datetime) -> User:
    """The row of a person, made at first sight, with the name they have now."""
    user = find_user(session, person)
    if user is None:
        row = {
            "platform": person.platform, "external_id": person.external_id, "first_name": person.first_name,
            "last_name": person.last_name, "username": person.username,
            "language_code": person.language_code, "created_at": now, "last_seen_at": now,
        }  # fmt: skip
        insert_new(session, User, [row], ["platform", "external_id"])
        user = find_user(session, person)
        assert user is not None
    _refresh(user, person, now)
    return user


def _refresh(user: User, person: Person, now: datetime) -> None:
    for name in ("first_name", "last_name", "username", "language_code"):
        value = getattr(person, name)
        if getattr(user, name) != value and (value or name == "username"):
            setattr(user, name, value)
    if (now - user.last_seen_at).total_seconds() > SEEN_EVERY:
        user.last_seen_at = now


def find_chat(session: Session, chat: ChatRef) -> Chat | None:
    """The row of a chat, if it was ever stored."""
    found = _chat_by_id(session, chat.platform, chat.external_id)
    if found is None and chat.type == "group":
        # Late news of a group that has become a supergroup: its row goes by the new id.
        moved = get_meta(session, moved_key(chat.platform, chat.external_id))
        found = _chat_by_id(session, chat.platform, str(moved["to"])) if moved is not None else None
    return found


def _chat_by_id(session: Session, platform: str, external_id: str) -> Chat | None:
    return session.scalar(select(Chat).where(Chat.platform == platform, Chat.external_id == external_id))


def moved_key(platform: str, external_id: str) -> str:
    """The key under which a group's new id is kept once it has become a supergroup."""
    return f"moved:{platform}:{external_id}"


def upsert_chat(session: Session, chat: ChatRef, now: datetime) -> Chat:
    """The row of a chat, made at first sight, with its present title and type."""
    row = find_chat(session, chat)
    if row is None:
        values: dict[str, Any] = {
            "platform": chat.platform, "external_id": chat.external_id, "type": chat.type,
            "title": chat.title, "settings": {}, "created_at": now, "updated_at": now,
        }  # fmt: skip
        insert_new(session, Chat, [values], ["platform", "external_id"])
        row = find_chat(session, chat)
        assert row is not None
    present = row.external_id == chat.external_id
    if present and (row.title, row.type) != (chat.title, chat.type):
        row.title, row.type, row.updated_at = chat.title, chat.type, now
    # Messages carry the name that their topic was opened with; it may have got another one since.
    unnamed = str(chat.topic_id) not in row.settings.get(_TOPICS, {})
    if present and unnamed and chat.topic_id is not None and chat.topic_title is not None:
        name_topic(row, chat.topic_id, chat.topic_title, now)
    return row


def name_topic(chat: Chat, topic_id: int, title: str, now: datetime) -> None:
    """Keep a topic's title with its chat; of very many topics the ones named last."""
    topics: dict[str, str] = chat.settings.get(_TOPICS, {})
    if topics.get(str(topic_id)) != title:
        kept = [item for item in topics.items() if item[0] != str(topic_id)][1 - MOST_TOPICS :]
        chat.settings = chat.settings | {_TOPICS: dict([*kept, (str(topic_id), title)])}
        chat.updated_at = now


def seen_in(session: Session, chat: Chat, user: User, now: datetime) -> None:
    """Note that somebody is a member of a chat."""
    member = session.get(ChatMember, (chat.id, user.id))
    if member is None:
        insert_new(
            session, ChatMember, [{"chat_id": chat.id, "user_id": user.id, "joined_at": now}],
            ["chat_id", "user_id"],
        )  # fmt: skip
    elif member.left_at is not None:
        member.left_at = None


def left(session: Session, chat: Chat, user: User, now: datetime) -> None:
    """Note that somebody is no member any more."""
    member = session.get(ChatMember, (chat.id, user.id))
    if member is not None and member.left_at is None:
        member.left_at = now


def chat_person(chat_external_id: str, title: str | None) -> Person:
    """Who asks when a chat speaks and no person shows: an anonymous administrator, a channel."""
    return Person(f"{CHAT_PERSON}{chat_external_id}", first_name=title or "?")


def stands_for_chat(user: User) -> bool:
    """Whether the row is such a stand-in, which has no facts and no private side."""
    return user.platform == "tg" and user.external_id.startswith(CHAT_PERSON)


def profile_of(session: Session, user_id: int) -> ProfileView:
    """What a person prefers; an empty profile if they said nothing."""
    return profile_view(session.get(Profile, user_id))


def profile_view(row: Profile | None) -> ProfileView:
    """The row as the value that other rooms know; an empty one where there is no row."""
    if row is None:
        return ProfileView()
    return ProfileView(
        row.language, row.timezone, row.pronouns, row.communication_style, row.response_length,
        row.relevance_threshold,
    )  # fmt: skip


def as_person(user: User) -> Person:
    """The row as the value that other rooms know."""
    return Person(
        external_id=user.external_id,
        first_name=user.first_name,
        last_name=user.last_name,
        username=user.username,
        language_code=user.language_code,
        platform=user.platform,
    )


def as_chat_ref(chat: Chat, topic_id: int | None = None) -> ChatRef:
    """The row as the value that other rooms know."""
    return ChatRef(
        external_id=chat.external_id,
        type=chat.type,  # type: ignore[arg-type]  # written from a ChatRef
        title=chat.title,
        topic_id=topic_id,
        topic_title=chat.settings.get(_TOPICS, {}).get(str(topic_id)),
        platform=chat.platform,
    )


def get_meta(session: Session, key: str) -> dict[str, Any] | None:
    """A single value of the instance."""
    row = session.get(Meta, key)
    return None if row is None else row.value


def set_meta(session: Session, key: str, value: dict[str, Any], now: datetime) -> None:
    """Store a single value of the instance."""
    row = session.get(Meta, key)
    if row is None:
        session.add(Meta(key=key, value=value, updated_at=now))
    else:
        row.value, row.updated_at = value, now


def set_meta_once(session: Session, key: str, value: dict[str, Any], now: datetime) -> bool:
    """Store a single value of the instance unless there is one; whether this call stored it."""
    return insert_new(session, Meta, [{"key": key, "value": value, "updated_at": now}], ["key"]) == 1
