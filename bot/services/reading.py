"""Documents that are sent to the bot: taken at once, read by a durable job, told of when they are read.

The job stands in the conversation's own lane, in front of what is asked behind the document: so a question in
its caption, or in the next message, is answered by somebody who has read it.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from bot.core.errors import FileUnavailable, NotFound
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.messages import AttachmentRef, ChatRef, Incoming
from bot.core.ports import Clock, Files
from bot.db.engine import Database
from bot.db.models import Chat
from bot.db.repositories import conversations, jobs, knowledge, people, talk
from bot.db.repositories.knowledge import Owner
from bot.memory.parsing.kinds import named_kind
from bot.memory.parsing.refusals import DocumentRefused, Reason
from bot.memory.parsing.run import MOST_BYTES
from bot.services.conversations import MAX_ACTIVE
from bot.services.document_owners import of_owner
from bot.services.knowledge import Added, Knowledge, Source, title_of

log = logging.getLogger(__name__)

KIND = "knowledge.read"

Outcome = Literal["reading", "read", "known", "incognito", "unavailable"] | Reason


@dataclass(frozen=True, slots=True)
class Word:
    """What is said about a document: "reading" at once, the rest when it is known."""

    outcome: Outcome
    title: str
    passages: int = 0


class Teller(Protocol):
    """Shows in the chat what became of a document."""

    async def tell(self, chat: ChatRef, language: str, key: str, word: Word) -> None:
        """Put the word in place of what was said under the delivery key. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """A file to be read, as its job carries it; `chat_id` and `user_id` are our own ids."""

    chat_id: int
    topic_id: int | None
    user_id: int | None
    message: str
    file_id: str
    unique_id: str
    name: str | None
    mime: str | None
    reply_key: str
    language: str


class Reading:
    """Takes documents in, and does the jobs "knowledge.read"; `teller` is the face that shows them."""

    def __init__(
        self,
        knowledge: Knowledge,
        files: Files,
        database: Database,
        clock: Clock,
        most: int = MAX_ACTIVE,
    ) -> None:
        self._knowledge = knowledge
        self._files = files
        self._db = database
        self._clock = clock
        self._most = most
        self.teller: Teller | None = None

    async def look(self, incoming: Incoming, file: AttachmentRef) -> Word:
        """What can be said about a file before it is there: that it is being read, or why it will not be."""
        title = title_of(file.name)
        if named_kind(file.name, file.mime) is None:
            return Word("unsupported", title)
        if (file.size or 0) > MOST_BYTES:
            return Word("too_large", title)
        return await self._db.read(lambda s: _known(s, incoming, file, title))

    async def take(
        self, incoming: Incoming, file: AttachmentRef, message: str, reply_key: str, language: str
    ) -> None:
        """Let a file be read that came with `message`; to be called before the message itself is received."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            chat = people.upsert_chat(session, incoming.chat, now)
            user = people.upsert_user(session, incoming.sender, now) if incoming.sender else None
            session.flush()
            conversation, began = talk.begun(session, chat, incoming.chat, user, now)
            if began:
                conversations.hold_limit(session, conversation, self._most, now)
            order = Order(
                chat.id, incoming.chat.topic_id, user.id if user else None, message, file.file_id,
                file.unique_id, file.name, file.mime, reply_key, language,
            )  # fmt: skip
            lane = f"turn:{conversation.no}"
            jobs.enqueue(session, [NewJob(KIND, "answer", lane, asdict(order), f"read:{incoming.key}")], now)

        await self._db.write(unit)

    async def read(self, job: ClaimedJob) -> None:
        """Fetch and read a job's file, and say what came of it. Raises FileUnavailable, DeliveryError."""
        order = Order(**job.payload)
        chat = await self._db.read(lambda s: _chat_of(s, order))
        if chat is None:
            return
        title = title_of(order.name)
        try:
            added = await self._read(order, chat, job.id)
        except DocumentRefused as refusal:
            await self._tell(order, chat, Word(refusal.reason, title))
        except NotFound:
            log.info("a document's owner is gone")
        else:
            outcome: Outcome = "known" if added.known else "read"
            await self._tell(order, chat, Word(outcome, added.item.title, added.item.passages))

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """The last word on a file that could not be fetched or read."""
        order = Order(**job.payload)
        chat = await self._db.read(lambda s: _chat_of(s, order))
        if chat is not None:
            outcome: Outcome = "unavailable" if isinstance(error, FileUnavailable) else "broken"
            await self._tell(order, chat, Word(outcome, title_of(order.name)))

    async def _read(self, order: Order, chat: ChatRef, job_id: int) -> Added:
        data = await self._files.fetch(order.file_id, MOST_BYTES)
        owner = Owner(user_id=order.user_id) if chat.private else Owner(chat_id=order.chat_id)
        source = Source(order.chat_id, order.message, {"file": order.unique_id, "job": job_id})
        return await self._knowledge.add_file(of_owner(owner), order.name, order.mime, data, source)

    async def _tell(self, order: Order, chat: ChatRef, word: Word) -> None:
        if self.teller is not None:
            await self.teller.tell(chat, order.language, order.reply_key, word)


def _chat_of(session: Session, order: Order) -> ChatRef | None:
    row = session.get(Chat, order.chat_id)
    return None if row is None else people.as_chat_ref(row, order.topic_id)


def _known(session: Session, incoming: Incoming, file: AttachmentRef, title: str) -> Word:
    chat = people.find_chat(session, incoming.chat)
    user = people.find_user(session, incoming.sender) if incoming.sender else None
    if chat is None:
        return Word("reading", title)
    active = talk.find_active(session, talk.scope_key(incoming.chat, user))
    if active is not None and active.incognito:
        return Word("incognito", title)
    owner = Owner(user_id=user.id if user else None) if incoming.chat.private else Owner(chat_id=chat.id)
    row = knowledge.of_file(session, owner, file.unique_id)
    return Word("reading", title) if row is None else Word("known", row.title, row.chunk_count)
