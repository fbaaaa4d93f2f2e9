"""The summary of one conversation so far: what was said in it before the messages that are still shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from bot.context import summary_prompts as prompts
from bot.context.data import zone_of
from bot.context.summary_call import ROOM_FOR_ENDING, BadAnswer, Writer, Written, later, within
from bot.context.summary_language import main_language
from bot.context.summary_lines import SHORT_LINE, Chunk, take
from bot.context.summary_prompts import Order
from bot.context.summary_steps import room_of
from bot.core.errors import LLMError
from bot.core.ids import message_id, seq_of
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.ports import Clock
from bot.core.trace import ContextTrace
from bot.core.views import ProfileView
from bot.db.engine import Database
from bot.db.repositories import ledger, summaries, summary_sources
from bot.db.repositories import running_summaries as running
from bot.db.repositories.running_summaries import Standing
from bot.db.repositories.summary_sources import Said, Stretch
from bot.settings import Settings

log = logging.getLogger(__name__)

JOB = "summary.conversation"
PURPOSE = "context_summary"

RENEW_AFTER = 40
"""Messages that leave the window before the summary is written on."""

_STEPS = 20
"""The longest window is shortened by one part in so many at a time."""

_SHARE = 3
"""The summary takes at most one part in so many of the prompt that it is renewed with."""


class RunningSettings(Protocol):
    """The settings that decide when a conversation has a summary; `bot.settings.Settings` is one."""

    @property
    def context_strategy(self) -> str: ...
    @property
    def immediate_context_messages(self) -> int: ...
    @property
    def conversation_summary_after(self) -> int: ...
    @property
    def conversation_window_messages(self) -> int: ...
    @property
    def conversation_max_messages(self) -> int: ...


def window_edge(trace: ContextTrace) -> int | None:
    """The number of the first message that a turn showed; None where the trace does not tell."""
    for layer in trace.layers:
        if layer.name == "history":
            shown = [id_ for id_ in layer.kept if isinstance(id_, int)]
            left = [id_ for id_ in layer.dropped if isinstance(id_, int)]
            return seq_of(min(shown)) if shown else seq_of(max(left)) + 1 if left else None
    return None


def due_after_turn(
    session: Session, conversation_no: int, window_from_seq: int | None, settings: RunningSettings
) -> list[NewJob]:
    """The job that renews the conversation's summary, if its time has come. It costs the reading of one row.

    `window_from_seq` is the number of the first message that the turn showed (`window_edge`); None stands for
    a conversation without turns, whose window is counted from its end. Messages past
    CONVERSATION_MAX_MESSAGES leave the window here.
    """
    now = running.standing(session, conversation_no)
    if now is None:
        return []
    oldest = _narrowed(session, conversation_no, now, settings.conversation_max_messages)
    if now.private or settings.context_strategy not in ("layered", "summary"):
        return []
    if now.message_count <= settings.conversation_summary_after:
        return []
    left = max(_edge(now, window_from_seq, settings), oldest) - 1
    if left < 1 or (now.summarised and left < now.upto_seq + RENEW_AFTER):
        return []
    lane = running.lane(conversation_no)
    return [NewJob(JOB, "background", lane, {"no": conversation_no, "upto": left}, f"{lane}:{left}")]


def _narrowed(session: Session, no: int, now: Standing, most: int) -> int:
    """The number before which nothing enters the window; it moves in steps, to keep prompts alike."""
    if now.next_seq - now.window_from_seq <= most:
        return now.window_from_seq
    oldest = now.next_seq - most + most // _STEPS
    running.narrow(session, no, oldest)
    return oldest


def _edge(now: Standing, shown_from: int | None, settings: RunningSettings) -> int:
    """Where the window begins: with the strategy "summary" it is as long as the settings say."""
    if settings.context_strategy == "summary":
        return now.next_seq - settings.conversation_window_messages
    return now.next_seq - settings.immediate_context_messages if shown_from is None else shown_from


@dataclass(frozen=True, slots=True)
class _Part:
    """What is to be added: messages behind `base`, up to the last that has left (`whole`: all of them)."""

    text: str
    base: int
    messages: Sequence[Said]
    whole: bool
    timezone: str | None


class RunningSummaries:
    """Does the jobs "summary.conversation": writes on, a chunk at a time, each kept at once."""

    def __init__(self, writer: Writer, database: Database, clock: Clock, settings: Settings) -> None:
        self._writer = writer
        self._db = database
        self._clock = clock
        self._settings = settings

    async def renew(self, job: ClaimedJob) -> None:
        """Bring the summary up to the message that the job names.

        Raises BadAnswer, LLMError or RetryLater, after which it goes on from where it came.
        """
        no, upto = int(job.payload["no"]), int(job.payload["upto"])
        offset = 0
        while True:
            room = await asyncio.to_thread(room_of, self._settings.context_max_tokens, self._writer.tokens)
            cap = min(self._settings.recent_summary_tokens, room // _SHARE)
            limit = room // SHORT_LINE + 2
            part = await self._db.read(lambda s, limit=limit: _load(s, no, upto, limit))  # type: ignore[misc]
            if part is None:
                return
            chunk = await asyncio.to_thread(self._chunk, part, offset, room, cap)
            end = upto if part.whole and not chunk.more else max(part.base, seq_of(chunk.after))
            written = await self._ask(job, part, chunk, cap) if chunk.lines else None
            text = written.text if written else part.text
            if not await self._keep(job, part, end, text, written):
                return
            offset = chunk.offset
            await self._shorten(job, end, text, cap)

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """Say that the summary stays as it was until more messages have left."""
        log.warning("the summary of conversation %s stays as it is: %s", job.payload["no"], error)

    def _chunk(self, part: _Part, offset: int, room: int, cap: int) -> Chunk:
        tokens = self._writer.tokens
        zone = zone_of(ProfileView(timezone=part.timezone), self._settings.default_timezone)
        left = room - min(tokens.count(part.text), int(cap * ROOM_FOR_ENDING))
        base = part.messages[0].id - 1 if part.messages else 0
        return take(part.messages, left, base, offset, zone, tokens)

    async def _ask(self, job: ClaimedJob, part: _Part, chunk: Chunk, cap: int) -> Written:
        order = Order("story", main_language(chunk.votes), cap, terse=job.attempts > 1)
        known = within(part.text, int(cap * ROOM_FOR_ENDING), self._writer.tokens) if part.text else ""
        try:
            return await self._writer.write(prompts.transcript(order, chunk.lines, known), cap, PURPOSE)
        except LLMError as error:
            raise later(error) from error

    async def _keep(self, job: ClaimedJob, part: _Part, end: int, text: str, written: Written | None) -> bool:
        """Store the longer summary with its cost; False when the conversation went another way meanwhile."""
        now, no = self._clock.now(), int(job.payload["no"])

        def unit(session: Session) -> bool:
            if written is not None:
                ledger.charge(session, written.completion, PURPOSE, now)
            # Somebody's words were taken away meanwhile, which may stand in it: it is begun anew.
            if not summaries.held(session, job.id):
                return False
            return running.write_on(session, no, (part.text, part.base), (text, end))

        return await self._db.write(unit)

    async def _shorten(self, job: ClaimedJob, end: int, text: str, cap: int) -> None:
        """Say an over-long summary again in fewer words; it is kept already, and cut where that fails."""
        tokens = self._writer.tokens
        if tokens.count(text) <= cap:
            return
        written: Written | None = None
        try:
            messages = prompts.shorten(Order("story", None, cap), text)
            written = await self._writer.write(messages, cap, PURPOSE)
        except (BadAnswer, LLMError) as error:
            log.info("the summary of conversation %s is cut: %s", job.payload["no"], error)
        short = within(written.text if written else text, cap, tokens)
        part = _Part(text, end, (), True, None)
        await self._keep(job, part, end, short, written)


def _load(session: Session, no: int, upto: int, limit: int) -> _Part | None:
    now = running.standing(session, no)
    if now is None or now.private or now.upto_seq >= upto:
        return None
    stretch = Stretch(message_id(no, now.upto_seq + 1), message_id(no, upto))
    messages = summary_sources.said(session, [stretch], 0, limit)
    zone = summary_sources.conversation_timezone(session, no)
    return _Part(running.text_of(session, no), now.upto_seq, messages, len(messages) < limit, zone)
