"""What somebody missed in a chat since they last wrote there: a short account by topics, made on request."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import summary_prompts as prompts
from bot.context.data import zone_of
from bot.context.summary_call import ROOM_FOR_ENDING, BadAnswer, Writer, within
from bot.context.summary_language import named
from bot.context.summary_lines import Chunk, take
from bot.context.summary_plan import Note, part_cap, together
from bot.context.summary_prompts import Order
from bot.context.summary_steps import room_of
from bot.core.errors import LLMError, NotAllowed
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock, TokenCounter
from bot.db.engine import Database
from bot.db.models import Chat, ChatMember, User
from bot.db.repositories import ledger, people, summary_sources
from bot.db.repositories.summaries import Place
from bot.db.repositories.summary_sources import Said, Stretch
from bot.settings import Settings

PURPOSE = "catch_up"

REACH = timedelta(days=30)
"""How far back an account goes at most."""

USUAL = timedelta(days=7)
"""How far back it goes for somebody who never wrote in the chat."""

_AT_ONCE = 3
"""Calls that run side by side: somebody waits for them."""

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What was said from `since` to `until`: so many messages, told in `text`; 0 and "" for nothing new."""

    since: datetime
    until: datetime
    messages: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Missed:
    """What is to be told, and to whom."""

    since: datetime
    messages: Sequence[Said]
    user_id: int | None
    language: str
    zone: ZoneInfo

    @property
    def anything(self) -> bool:
        """Whether somebody else said something: the bot's answers alone are no news."""
        return any(not said.outgoing and said.sender_id != self.user_id for said in self.messages)


class CatchUps:
    """Tells people what they missed, from nothing but what they could read there themselves."""

    def __init__(self, writer: Writer, database: Database, clock: Clock, settings: Settings) -> None:
        self._writer = writer
        self._db = database
        self._clock = clock
        self._settings = settings
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def catch_up(
        self, asker: Person, chat: ChatRef, since: datetime | None = None, *, present: bool = False
    ) -> CatchUp:
        """What was said in the chat (topic) since the asker's last message there, or since a moment.

        It goes back 30 days at most, and never behind the retention. `present` says that the asker was seen
        in the chat just now, as by a command; else they must be known as a member. Without anything new no
        model is asked. Raises NotAllowed for somebody who is no member, and LLMError.
        """
        now = self._clock.now()
        missed = await self._db.read(lambda s: self._missed(s, asker, chat, since, now, present=present))
        if not missed.anything:
            return CatchUp(missed.since, now)
        count, text = await self._told(missed)
        return CatchUp(missed.since, now, count, text)

    def _missed(
        self,
        session: Session,
        asker: Person,
        chat: ChatRef,
        since: datetime | None,
        now: datetime,
        *,
        present: bool,
    ) -> _Missed:
        row, user = people.find_chat(session, chat), people.find_user(session, asker)
        place, user_id = Place(row.id if row else 0, chat.topic_id or 0), user.id if user else None
        alone = chat.private if row is None else row.type in ("private", "api")
        if not (alone or present or _is_member(session, row, user)):
            raise NotAllowed("only members may ask what was said in a chat")
        earliest = now - min(REACH, timedelta(days=self._settings.message_retention_days))
        begin, after = max(since or now - USUAL, earliest), 0
        # In private -1 is nobody: a stranger's chat has nothing to tell.
        owner = (user_id or -1) if alone else None
        if since is None and user_id is not None:
            reach = summary_sources.stretches(session, place, earliest, now, owner=owner)
            if (own := summary_sources.last_own(session, reach, user_id)) is not None:
                begin, after = max(own.sent_at, earliest), own.id
        among = summary_sources.stretches(session, place, begin, now, owner=owner)
        profile = people.profile_of(session, user_id or 0)
        return _Missed(
            begin,
            _all(session, among, after),
            user_id,
            profile.language or asker.language_code or self._settings.default_language,
            zone_of(profile, self._settings.default_timezone),
        )

    async def _told(self, missed: _Missed) -> tuple[int, str]:
        """How many messages the account tells of, and the account."""
        room = await asyncio.to_thread(room_of, self._settings.context_max_tokens, self._writer.tokens)
        cap = min(self._settings.recent_summary_tokens, room * 4 // 5)
        chunks = await asyncio.to_thread(_chunks, missed, room, self._writer.tokens)
        count = sum(chunk.count for chunk in chunks)
        language = named(missed.language)
        account = Order("topics", language, cap)
        if len(chunks) <= 1:
            lines = chunks[0].lines if chunks else ()
            return count, (await self._ask(missed, account, lines)).text if lines else ""
        part = Order("notes", language, part_cap(cap, room))
        notes = await self._side_by_side([self._ask(missed, part, chunk.lines) for chunk in chunks])
        while len(groups := together(notes, room)) > 1:
            notes = await self._side_by_side([self._merged(missed, part, group) for group in groups])
        return count, (await self._merged(missed, account, notes)).text

    async def _merged(self, missed: _Missed, order: Order, notes: Sequence[Note]) -> Note:
        if len(notes) == 1 and order.shape == "notes":
            return notes[0]
        return await self._ask(missed, order, [note.text for note in notes], merge=True)

    async def _ask(self, missed: _Missed, order: Order, lines: Sequence[str], *, merge: bool = False) -> Note:
        """One call, and a second one if its answer is of no use."""
        for tried in (order, replace(order, terse=True)):
            messages = prompts.merge(tried, lines) if merge else prompts.transcript(tried, lines)
            try:
                async with self._slots:
                    written = await self._writer.write(messages, tried.tokens, PURPOSE, missed.user_id)
            except BadAnswer as bad:
                fault = str(bad)
                continue
            now = self._clock.now()
            paid = partial(
                ledger.charge, completion=written.completion, purpose=PURPOSE, now=now, user_id=missed.user_id
            )
            await self._db.write(paid)
            most = int(order.tokens * ROOM_FOR_ENDING)
            return Note(0, within(written.text, most, self._writer.tokens), min(written.tokens, most))
        raise LLMError("bad_response", fault)

    async def _side_by_side(self, calls: Sequence[Coroutine[Any, Any, Note]]) -> list[Note]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(call) for call in calls]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]


def _is_member(session: Session, chat: Chat | None, user: User | None) -> bool:
    member = session.get(ChatMember, (chat.id, user.id)) if chat and user else None
    return member is not None and member.left_at is None


def _all(session: Session, among: Sequence[Stretch], after: int) -> list[Said]:
    found: list[Said] = []
    while batch := summary_sources.said(session, among, found[-1].id if found else after, _BATCH):
        found += batch
    return found


def _chunks(missed: _Missed, room: int, tokens: TokenCounter) -> list[Chunk]:
    """All of it in parts that fit into a prompt each."""
    chunks: list[Chunk] = []
    left, after, offset = missed.messages, 0, 0
    while left:
        chunk = take(left, room, after, offset, missed.zone, tokens)
        if chunk.lines:
            chunks.append(chunk)
        if not chunk.more:
            break
        after, offset = chunk.after, chunk.offset
        left = [said for said in left if said.id > after]
    return chunks
