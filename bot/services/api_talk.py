"""Talk over HTTP: whose session a question belongs to, and what became of its turn."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, Message, Turn, TurnMessage, UsageRow, User
from bot.db.repositories import conversations, people, sessions, talk, turns
from bot.services.conversations import MAX_ACTIVE
from bot.services.reach import Caller, find_conversation, user_of

_NOTICES = {
    "remembered": "Remembered",
    "updated": "Updated",
    "refused": "Not remembered",
    "proposed": "Not remembered before it is confirmed",
}
"""How a saved fact is told when the model itself said nothing."""


@dataclass(frozen=True, slots=True)
class TalkPlace:
    """Where a question is asked and by whom, as the flow knows them."""

    conversation_id: str
    chat: ChatRef
    asker: Person


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """A settled turn; tokens are those of all its calls, `message_id` None when nothing was said."""

    conversation_id: str
    message_id: int | None
    text: str
    model: str | None
    prompt_tokens: int
    completion_tokens: int
    error_key: str | None


class ApiTalk:
    """Opens sessions for questions over HTTP and reads their answers."""

    def __init__(self, database: Database, clock: Clock, most: int = MAX_ACTIVE) -> None:
        self._db = database
        self._clock = clock
        self._most = most

    async def open(
        self, caller: Caller, user_id: str | None, conversation_id: str | None, new_id: str
    ) -> TalkPlace:
        """The session to ask in: the named one, or a new one whose own id is `new_id`.

        A name that is still free becomes the new session's external id, an archived session is active again.
        Without a user the session's owner asks, else the person whom the caller is bound to; else somebody
        new, whom nobody else's memory belongs to. Raises NotFound beyond the caller's reach.
        """
        now = self._clock.now()

        def unit(session: Session) -> TalkPlace:
            user = _asker(session, caller, user_id, now)
            if user is not None:
                # Two first questions at a time must not make two sessions of one name.
                session.get_one(User, user.id, with_for_update=True)
            found = find_conversation(session, caller, conversation_id or new_id)
            if found is None:
                user = user or _asker(session, caller, f"guest-{new_id}", now)
                assert user is not None
                found = _make(session, caller, user, new_id, conversation_id, now)
            place = _place(session, found, user, now)
            if found.user_id is not None:
                conversations.make_room(session, found.user_id, self._most, now, keep=found.no)
            return place

        return await self._db.write(unit)

    async def turn_of(self, chat: ChatRef, external_id: str) -> int | None:
        """The turn that answers a message that is stored already."""

        def unit(session: Session) -> int | None:
            row = people.find_chat(session, chat)
            message = None if row is None else talk.by_external_id(session, row.id, external_id)
            if message is None:
                return None
            return session.scalar(
                select(TurnMessage.turn_id).where(TurnMessage.message_id == message.id).limit(1)
            )

        return await self._db.read(unit)

    async def settled(self, turn_id: int) -> TurnAnswer | None:
        """The answer of a turn; None while it is being made. Raises NotFound when the turn is gone."""
        return await self._db.read(lambda s: _answer(s, turn_id))


def _asker(session: Session, caller: Caller, user_id: str | None, now: datetime) -> User | None:
    named = user_id or caller.user_external_id
    return None if named is None else user_of(session, caller, named, create=True, now=now)


def _make(
    session: Session, caller: Caller, user: User, new_id: str, external_id: str | None, now: datetime
) -> Conversation:
    return sessions.make(session, user, caller.application, new_id, now, external_id=external_id)


def _place(session: Session, conversation: Conversation, user: User | None, now: datetime) -> TalkPlace:
    chat = session.get_one(Chat, conversation.chat_id)
    owner = session.get(User, conversation.user_id) if conversation.user_id is not None else None
    if chat.type != "api" or owner is None or (user is not None and user.id != owner.id):
        raise NotFound("a conversation of another person, or of a chat that HTTP cannot talk in")
    if conversation.status == "archived":
        conversations.reopen(session, conversation, now)
    return TalkPlace(conversation.id, people.as_chat_ref(chat), people.as_person(owner))


def _answer(session: Session, turn_id: int) -> TurnAnswer | None:
    turn = session.get(Turn, turn_id)
    if turn is None:
        raise NotFound("the turn is gone with its conversation")
    if turn.status in turns.OPEN:
        return None
    reply = session.get(Message, turn.reply_message_id) if turn.reply_message_id is not None else None
    spent = select(
        func.coalesce(func.sum(UsageRow.prompt_tokens), 0),
        func.coalesce(func.sum(UsageRow.completion_tokens), 0),
    )
    prompt, completion = session.execute(spent.where(UsageRow.turn_id == turn_id)).one()
    last = select(UsageRow.model).where(UsageRow.turn_id == turn_id).order_by(UsageRow.id.desc()).limit(1)
    return TurnAnswer(
        conversation_id=session.get_one(Conversation, turn.conversation_no).id,
        message_id=None if reply is None else reply.id,
        text=reply.content if reply is not None else _told(turn),
        model=session.scalar(last),
        prompt_tokens=prompt,
        completion_tokens=completion,
        error_key=turn.error_key,
    )


def _told(turn: Turn) -> str:
    known = [row for row in turn.notices if row["kind"] in _NOTICES]
    return "\n".join(f"{_NOTICES[row['kind']]}: {row['text']}" for row in known)


def new_conversation_id(seed: str | None) -> str:
    """An id for a session: always the same one for a seed."""
    return str(uuid.uuid4() if seed is None else uuid.uuid5(uuid.NAMESPACE_OID, f"conversation:{seed}"))


def new_message_id(seed: str | None) -> str:
    """An id for a question: always the same one for a seed, so that it is stored once."""
    return (uuid.uuid4() if seed is None else uuid.uuid5(uuid.NAMESPACE_OID, f"message:{seed}")).hex
