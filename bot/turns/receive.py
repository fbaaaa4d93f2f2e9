"""Receiving: a message is stored, and a turn is made when the bot is meant. Milliseconds, no model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.ids import conversation_of
from bot.core.jobs import NewJob, answering_pool
from bot.core.messages import Incoming, Person
from bot.core.ports import Clock, TokenCounter
from bot.core.scope import Scope
from bot.core.text import label as inert
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, Message, Turn, User
from bot.db.repositories import conversations, extraction, jobs, people, talk, turns
from bot.memory import correcting
from bot.services.access import Access
from bot.services.conversations import MAX_ACTIVE
from bot.turns import bursts
from bot.turns.settling import Settling
from bot.turns.steps import MODEL_KEY

Outcome = Literal["answering", "queued", "recorded", "duplicate", "stranger", "group_pending"]

OWED = ("waiting", "answering", "answered", "failed", "stopped")
"""States of a turn whose answer holds its conversation's lane."""

MESSAGE_LIMIT = 400_000
"""Characters of a message that are stored; nobody types more."""

COUNT_IN_THREAD = 20_000
"""Characters from which counting tokens would hold up the loop."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message; "queued" is a question that waits behind another one's answer."""

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
    """Takes messages in, one transaction each; a person has at most `most` active conversations."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: TokenCounter,
        access: Access,
        channel: str,
        settling: Settling,
        most: int = MAX_ACTIVE,
    ) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._access = access
        self._channel = channel
        self._settling = settling
        self._most = most

    async def receive(self, incoming: Incoming, channel: str | None = None) -> Receipt:
        """Store a message and, when the bot is meant, make (or extend) the turn that will answer it."""
        now = self._clock.now()
        tokens = await self._count(incoming.text)
        by = channel or self._channel
        return await self._db.write(lambda s: self._unit(s, incoming, tokens, by, now))

    async def edited(self, incoming: Incoming) -> None:
        """Take over an edited text; a message that was never stored is left alone, and no turn begins."""
        now = self._clock.now()
        tokens = await self._count(incoming.text)

        def unit(session: Session) -> None:
            chat = people.find_chat(session, incoming.chat)
            if chat is None:
                return
            message = talk.by_external_id(session, chat.id, at_home(incoming, chat).external_id)
            if message is not None and talk.edit(
                session, message, incoming.text[:MESSAGE_LIMIT], tokens, now
            ):
                correcting.source_changed(session, message, now)

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
            return Receipt(decision, None, self._language(session, incoming))
        chat = people.upsert_chat(session, incoming.chat, now)
        incoming = at_home(incoming, chat)
        if talk.known(session, chat.id, incoming.external_id):
            return Receipt("duplicate")
        user = people.upsert_user(session, incoming.sender, now) if incoming.sender else None
        session.flush()
        if user is not None:
            people.seen_in(session, chat, user, now)
        conversation, began = talk.begun(session, chat, incoming.chat, user, now)
        if began:
            conversations.hold_limit(session, conversation, self._most, now)
        message = self._store(session, incoming, conversation, chat, user, tokens)
        if user is not None:
            extraction.note_said(session, message, conversation, user.id)
        asker = user or (people.upsert_user(session, speaker(incoming), now) if incoming.addressed else None)
        if asker is None:
            return Receipt("recorded")
        session.flush()
        return self._answered(session, incoming, message, asker, channel, now)

    def _language(self, session: Session, incoming: Incoming) -> str:
        return self._access.language_in(session, incoming.sender or speaker(incoming))

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
                meta=bursts.album_mark(incoming),
            ),
        )
        talk.attach(session, message, incoming.attachments)
        talk.refer(session, chat.id, [incoming.external_id], message.id)
        return message

    def _answered(
        self, session: Session, incoming: Incoming, message: Message, asker: User, channel: str, now: datetime
    ) -> Receipt:
        """Extend the turn that the message belongs to, or make one if the bot is meant."""
        place = bursts.Place(conversation_of(message.id), asker.id)
        chat_id = session.get_one(Conversation, place.conversation_no).chat_id
        scope = Scope(asker.id, chat_id, private=incoming.chat.private)
        settled = self._settling.settle(session, incoming, message, scope, now)
        language = self._language(session, incoming)
        part = bursts.open_turn_for(session, incoming, place)
        if part is not None:
            bursts.join(session, incoming, part, message)
            jobs.move_due(session, turn_job_key(part.id), now + timedelta(seconds=bursts.BURST_PAUSE))
            return Receipt("answering", part.id, language)
        if incoming.addressed is None and not bursts.follows_comment(session, incoming, place):
            return Receipt("recorded")
        turn = self._open(session, incoming, message, place, language, channel, now)
        self._settling.answer(session, turn, settled, now)
        behind = others_owed(session, place.conversation_no, turn.id)
        return Receipt("queued" if behind else "answering", turn.id, language)

    def _open(
        self,
        session: Session,
        incoming: Incoming,
        message: Message,
        place: bursts.Place,
        language: str,
        channel: str,
        now: datetime,
    ) -> Turn:
        chat_id = session.get_one(Conversation, place.conversation_no).chat_id
        turn = turns.open_turn(
            session,
            Turn(
                conversation_no=place.conversation_no, chat_id=chat_id, user_id=place.user_id,
                message_id=message.id, channel=channel, language=language,
                burst_key=bursts.burst_key(incoming), tainted=incoming.forwarded_from is not None,
                created_at=now, last_part_at=incoming.sent_at,
            ),
            message.id,
        )  # fmt: skip
        if incoming.model is not None:
            turns.record_step(session, turn.id, MODEL_KEY, {"model": incoming.model}, now)
        for earlier in bursts.earlier_parts(session, incoming, message):
            turns.extend(session, turn, earlier, incoming.sent_at)
        pause = bursts.BURST_PAUSE if bursts.held(session, incoming) else 0.0
        jobs.enqueue(session, [turn_job(turn, now + timedelta(seconds=pause))], now)
        return turn


def speaker(incoming: Incoming) -> Person:
    """Stands for the person whom an anonymous administrator or a channel hides.

    Its facts are nobody's: none are kept and none are shown.
    """
    chat = incoming.chat
    return people.chat_person(incoming.speaker_id or chat.external_id, incoming.sender_title or chat.title)


def at_home(incoming: Incoming, chat: Chat) -> Incoming:
    """The message as one of the stored chat, also when it was sent to the group that this chat once was."""
    before = incoming.chat.external_id
    if chat.external_id == before:
        return incoming
    replied = incoming.reply_to_external_id
    return replace(
        incoming,
        chat=people.as_chat_ref(chat, incoming.chat.topic_id),
        external_id=talk.former_id(before, incoming.external_id),
        reply_to_external_id=talk.former_id(before, replied) if replied is not None else None,
    )


def others_owed(session: Session, conversation_no: int, turn_id: int) -> bool:
    """Whether another answer of the conversation is not shown yet."""
    query = select(Turn.id).where(
        Turn.conversation_no == conversation_no, Turn.status.in_(OWED), Turn.id != turn_id
    )
    return session.scalar(query.limit(1)) is not None


def turn_job_key(turn_id: int, again: int = 0) -> str:
    """The dedup key of a turn's answering job."""
    return f"turn:{turn_id}" if not again else f"turn:{turn_id}:{again}"


def turn_job(turn: Turn, due: datetime, again: int = 0) -> NewJob:
    """The job that answers a turn, in its conversation's lane."""
    return NewJob(
        kind="turn.answer",
        pool=answering_pool(turn.channel),
        lane=f"turn:{turn.conversation_no}",
        payload={"turn_id": turn.id},
        dedup_key=turn_job_key(turn.id, again),
        due_at=due,
    )
