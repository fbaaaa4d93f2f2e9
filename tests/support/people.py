"""A small town for tests of storage: people, chats, conversations and messages as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.models import Chat, Conversation, Message, Turn, User
from bot.db.repositories import people, talk, turns

ANN = Person("101", "Ann", "Lee", "ann", "en")
BOB = Person("102", "Bob", "", None, "uk-UA")
PRIVATE = ChatRef("101", "private")
GROUP = ChatRef("-1001", "supergroup", "Neighbours")


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody in a chat, with the conversation that is active there."""

    user: User
    chat: Chat
    ref: ChatRef
    conversation: Conversation

    @property
    def scope(self) -> Scope:
        """The scope of a question that this person asks here."""
        return Scope(self.user.id, self.chat.id, self.ref.private)


def settle(session: Session, person: Person, ref: ChatRef, now: datetime) -> Place:
    """The person in the chat, made where missing."""
    user = people.upsert_user(session, person, now)
    chat = people.upsert_chat(session, ref, now)
    session.flush()
    return Place(user, chat, ref, talk.active_conversation(session, chat, ref, user, now))


def say(session: Session, place: Place, text: str, now: datetime, **more: Any) -> Message:
    """Append a message of the person (or of the bot, with `direction="outgoing"`)."""
    values: dict[str, Any] = {
        "direction": "incoming",
        "label": f"{place.user.first_name} (id:{place.user.external_id})",
        "sender_id": place.user.id,
        **more,
    }
    return talk.append(session, place.conversation.no, talk.NewMessage(content=text, sent_at=now, **values))


def ask(session: Session, place: Place, message: Message, now: datetime, **more: Any) -> Turn:
    """A turn that is to answer the message."""
    values: dict[str, Any] = {"channel": "test", "language": "en", **more}
    turn = Turn(
        conversation_no=place.conversation.no,
        chat_id=place.chat.id,
        user_id=place.user.id,
        message_id=message.id,
        created_at=now,
        last_part_at=now,
        **values,
    )
    return turns.open_turn(session, turn, message.id)
