"""A group's exported past, sent to the bot: read by a durable job in its own lane, told of as it goes."""

from __future__ import annotations

import io
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from bot.core.errors import DeliveryError, FileUnavailable, Invalid
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.messages import ChatRef
from bot.core.ports import Clock, Files
from bot.db.engine import Database
from bot.db.models import Chat
from bot.db.repositories import jobs, people
from bot.services.transfer.telegram_import import Brought, OtherChat, TelegramPast

log = logging.getLogger(__name__)

KIND = "past.read"

MOST_BYTES = 20 * 1024 * 1024
"""What Telegram gives to bots; `mnema import telegram` takes files of any size."""

TELL_EVERY = timedelta(seconds=5)
"""Between two words about how far it came: Telegram lets a bot say little in a group."""

Outcome = Literal["reading", "read", "too_large", "unavailable", "other_chat", "broken"]


@dataclass(frozen=True, slots=True)
class PastWord:
    """What is said about a past: how far it is read (`messages` of `about`), what came of it, why nothing."""

    outcome: Outcome
    messages: int = 0
    about: int = 0
    known: int = 0
    erased: int = 0


class PastTeller(Protocol):
    """Shows in the chat how far the past is read."""

    async def tell(self, chat: ChatRef, language: str, key: str, word: PastWord) -> None:
        """Put the word in place of what was said under the delivery key. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class PastOrder:
    """A file to be read, as its job carries it; `chat_id` is our own id."""

    chat_id: int
    file_id: str
    reply_key: str
    language: str


class PastReading:
    """Takes orders and does the jobs "past.read"; `teller` is the face that shows them."""

    def __init__(self, past: TelegramPast, files: Files, database: Database, clock: Clock) -> None:
        self._past = past
        self._files = files
        self._db = database
        self._clock = clock
        self.teller: PastTeller | None = None

    async def take(self, chat: ChatRef, file_id: str, reply_key: str, language: str) -> None:
        """Let a file be read as the past of a chat, once for the key under which it was promised."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            row = people.upsert_chat(session, chat, now)
            session.flush()
            order = PastOrder(row.id, file_id, reply_key, language)
            job = NewJob(KIND, "background", f"past:{row.id}", asdict(order), f"past:{reply_key}")
            jobs.enqueue(session, [job], now)

        await self._db.write(unit)

    async def read(self, job: ClaimedJob) -> None:
        """Fetch and read a job's file. Raises FileUnavailable, and DeliveryError while nobody can be told."""
        order = PastOrder(**job.payload)
        chat = await self._db.read(lambda s: _chat_of(s, order))
        if chat is None:
            return
        data = await self._files.fetch(order.file_id, MOST_BYTES)
        progress = _Progress(len(data), self._clock.now())

        async def told(at: int, messages: int) -> None:
            word = progress.word(at, messages, self._clock.now())
            if word is not None:
                await self._show(order, chat, word)

        try:
            brought = await self._past.read(io.BytesIO(data), told, chat)
        except OtherChat:
            word = PastWord("other_chat")
        except Invalid as error:
            log.info("a past cannot be read: %s", error)
            word = PastWord("broken", progress.messages)
        else:
            word = _word(brought, again=job.attempts > 1)
        await self._tell(order, chat, word)

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """The last word on a file that could not be fetched or read."""
        order = PastOrder(**job.payload)
        chat = await self._db.read(lambda s: _chat_of(s, order))
        if chat is not None:
            unavailable = isinstance(error, FileUnavailable)
            await self._tell(order, chat, PastWord("unavailable" if unavailable else "broken"))

    async def _show(self, order: PastOrder, chat: ChatRef, word: PastWord) -> None:
        try:
            await self._tell(order, chat, word)
        except DeliveryError as error:
            log.info("how far a past is read cannot be shown now: %s", error)

    async def _tell(self, order: PastOrder, chat: ChatRef, word: PastWord) -> None:
        if self.teller is not None:
            await self.teller.tell(chat, order.language, order.reply_key, word)


class _Progress:
    """How far a file of `size` bytes came, and when that was told last."""

    def __init__(self, size: int, now: datetime) -> None:
        self._size = size
        self._told_at = now
        self.messages = 0

    def word(self, at: int, messages: int, now: datetime) -> PastWord | None:
        """What to tell now, if it is time; how many there are altogether is concluded from the bytes."""
        self.messages = messages
        if now - self._told_at < TELL_EVERY:
            return None
        self._told_at = now
        about = max(messages, messages * self._size // max(at, 1))
        step = 10 ** max(len(str(about)) - 2, 0)
        return PastWord("reading", messages, max(messages, round(about / step) * step))


def _word(brought: Brought, *, again: bool) -> PastWord:
    word = PastWord("read", brought.added, known=brought.known + brought.later, erased=brought.erased)
    # After an interruption what the first attempt brought in counts as read, not as known.
    return replace(word, messages=word.messages + word.known, known=0) if again else word


def _chat_of(session: Session, order: PastOrder) -> ChatRef | None:
    row = session.get(Chat, order.chat_id)
    return None if row is None else people.as_chat_ref(row, None)
