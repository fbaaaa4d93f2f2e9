"""Receiving: a message is stored, and a turn is made when the bot is meant. Milliseconds, no model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from bot.core.jobs import NewJob
from bot.core.messages import Incoming
from bot.core.ports import Clock, TokenCounter
from bot.core.text import label as inert
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, Message, Turn, User
from bot.db.repositories import jobs, people, talk, turns
from bot.services.access import Access

Outcome = Literal["answering", "queued", "recorded", "duplicate", "stranger", "group_pending"]

BURST_PAUSE = 0.8
"""Seconds that a turn of an album or a burst waits for its next part."""

CLIENT_SPLIT = 4000
"""A text this long was probably split by the client: more of it follows at once."""

MESSAGE_LIMIT = 400_000
"""Characters of a message that are stored; nobody types more."""

COUNT_IN_THREAD = 20_000
"""Characters from which counting tokens would hold up the loop."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message."""

    outcome: Outcome
    turn_id: int | None = None
    language: str = "en"


def sender_label(incoming: Incoming) -> str:
    """The inside of a message's bracket prefix: Name (@username, id:123), or a title."""
    if incoming.sender is None:
        return inert(incoming.sender_title or incoming.chat.title or "?")
    person = incoming.sender
    name = inert(person.full_name)
    at = f"@{inert(person.username)}, " if person.username else ""
    return f"{name} ({at}id:{person.external_id})"


class Receiver:
    """Takes messages in, one transaction each."""

    def __init__(
        self, database: Database, clock: Clock, tokens: TokenCounter, access: Access, channel: str
    ) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._access = access
        self._channel = channel

    async def receive(self, incoming: Incoming, channel: str | None = None) -> Receipt:
        """Store a message and, when the bot is meant, make (or extend) the turn that will answer it."""
        now = self._clock.now()
        tokens = await self._count(incoming.text)
        by = channel or self._channel
        return await self._db.write(lambda s: self._unit(s, incoming, tokens, by, now))

    async def edited(self, incoming: Incoming) -> None:
        """Take over an edited text; a message that was never stored is left alone."""
        now = self._clock.now()
        tokens = await self._count(incoming.text)

        def unit(session: Session) -> None:
            chat = people.find_chat(session, incoming.chat)
            message = chat and talk.by_external_id(session, chat.id, incoming.external_id)
            if message:
                talk.edit(session, message, incoming.text[:MESSAGE_LIMIT], tokens, now)

        await self._db.write(unit)

    async def _count(self, text: str) -> int:
        if len(text) < COUNT_IN_THREAD:
            return self._tokens.count(text)
        return await asyncio.to_thread(self._tokens.count, text)

    def _unit(
        self, session: Session, incoming: Incoming, tokens: int, channel: str, now: datetime
    ) -> Receipt:
        decision = self._access.decide_in(session, incoming.sender, incoming.chat)
        if decision != "allowed":
            language = self._access.language_in(session, incoming.sender) if incoming.sender else "en"
            return Receipt(decision, None, language)
        chat = people.upsert_chat(session, incoming.chat, now)
        if talk.known(session, chat.id, incoming.external_id):
            return Receipt("duplicate")
        user = people.upsert_user(session, incoming.sender, now) if incoming.sender else None
        session.flush()
        if user is not None:
            people.seen_in(session, chat, user, now)
        conversation = talk.active_conversation(session, chat, incoming.chat, user, now)
        message = self._store(session, incoming, conversation, chat, user, tokens)
        if incoming.addressed is None or user is None or incoming.sender is None:
            return Receipt("recorded")
        language = self._access.language_in(session, incoming.sender)
        return self._turn(session, incoming, conversation, message, user, language, channel, now)

    def _store(
        self,
        session: Session,
        incoming: Incoming,
        conversation: Conversation,
        chat: Chat,
        user: User | None,
        tokens: int,
    ) -> Message:
        target = None
        if incoming.reply_to_external_id is not None:
            target = talk.by_external_id(session, chat.id, incoming.reply_to_external_id)
        message = talk.append(
            session,
            conversation.no,
            talk.NewMessage(
                direction="incoming",
                content=incoming.text[:MESSAGE_LIMIT],
                label=sender_label(incoming),
                sent_at=incoming.sent_at,
                sender_id=user.id if user else None,
                content_type=incoming.content_type,
                token_count=tokens,
                reply_to=target.id if target else None,
                quote=incoming.quote or (incoming.reply_to_text if target is None else None),
                forwarded_from=incoming.forwarded_from,
            ),
        )
        talk.attach(session, message, incoming.attachments)
        talk.refer(session, chat.id, [incoming.external_id], message.id)
        return message

    def _turn(
        self,
        session: Session,
        incoming: Incoming,
        conversation: Conversation,
        message: Message,
        user: User,
        language: str,
        channel: str,
        now: datetime,
    ) -> Receipt:
        burst = burst_key(incoming)
        open_part = turns.waiting_part(session, conversation.no, user.id, joinable(burst))
        if open_part and (now - open_part.last_part_at).total_seconds() <= BURST_PAUSE * 3:
            turns.extend(session, open_part, message.id, now)
            jobs.move_due(session, turn_job_key(open_part.id), now + timedelta(seconds=BURST_PAUSE))
            return Receipt("queued", open_part.id, language)
        turn = turns.open_turn(
            session,
            Turn(
                conversation_no=conversation.no, chat_id=conversation.chat_id, user_id=user.id,
                message_id=message.id, channel=channel, language=language, burst_key=burst,
                tainted=incoming.forwarded_from is not None, created_at=now, last_part_at=now,
            ),
            message.id,
        )  # fmt: skip
        due = now + timedelta(seconds=BURST_PAUSE) if burst else now
        jobs.enqueue(session, [turn_job(turn.id, conversation.no, due)], now)
        return Receipt("answering", turn.id, language)


def burst_key(incoming: Incoming) -> str | None:
    """What parts of one burst share; None for a message that stands alone."""
    if incoming.media_group_id is not None:
        return f"album:{incoming.media_group_id}"
    if incoming.forwarded_from is not None:
        return "forwarded"
    if len(incoming.text) >= CLIENT_SPLIT:
        return "long"
    return None


def joinable(burst: str | None) -> tuple[str, ...]:
    """The bursts that a message may continue: its own, or a split text or forwarded bundle before it."""
    if burst is not None and burst.startswith("album:"):
        return (burst,)
    return ("long", "forwarded")


def turn_job_key(turn_id: int, again: int = 0) -> str:
    """The dedup key of a turn's answering job."""
    return f"turn:{turn_id}" if not again else f"turn:{turn_id}:{again}"


def turn_job(turn_id: int, conversation_no: int, due: datetime, again: int = 0) -> NewJob:
    """The job that answers a turn, in its conversation's lane."""
    return NewJob(
        kind="turn.answer",
        pool="answer",
        lane=f"turn:{conversation_no}",
        payload={"turn_id": turn_id},
        dedup_key=turn_job_key(turn_id, again),
        due_at=due,
    )
