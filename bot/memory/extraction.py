"""Extraction: reading what people said, in batches, for facts that are worth keeping.

One person's words in one conversation at a time; one structured call a batch; facts, the mark of how far was
read, importance and the ledger in one transaction. Nothing is held open while the model works.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.orm import Session

from bot.core.errors import LLMError, RetryLater
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.llm import Completion, LLMRequest
from bot.core.ports import LLM, Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, ExtractionMark, User
from bot.db.repositories import extraction as marks
from bot.db.repositories import ledger, memories, people
from bot.jobs.registry import RetryPolicy
from bot.memory import facts, importance, reading
from bot.memory.applying import Applied, Ground, apply
from bot.memory.candidates import SCHEMA, Reading, read_answer
from bot.memory.gates import has_link
from bot.memory.pausing import paused

log = logging.getLogger(__name__)

KIND: Final = "memory.extract"
PURPOSE: Final = "extraction"

BATCH_TOKENS = 1024
BATCH_MESSAGES = 60
ANSWER_TOKENS = 1500
WORTH = 6
"""Tokens below which a batch holds no fact and is not shown to a model."""

RETRIES = RetryPolicy(attempts=4, patience=1800.0, first_pause=20.0, longest_pause=300.0)
LATER = 6 * 3600
"""Seconds; after a failure the same words are tried again in the next span of this length."""

Ending = Literal["nothing", "skipped", "read", "unreadable", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one batch ended, and what became of its facts."""

    ending: Ending
    applied: Applied | None = None


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A batch with the place of the mark that it begins behind and ends at."""

    after: int
    upto: int
    batch: reading.Batch | None
    names: tuple[str, ...] = ()


def find_due(session: Session, now: datetime) -> list[NewJob]:
    """Jobs for all whose words should be read now; a second look finds the same ones under the same keys."""
    span = int(now.timestamp()) // LATER
    return [
        NewJob(
            kind=KIND,
            pool="background",
            lane=f"extract:{mark.user_id}",
            payload={"conversation_no": mark.conversation_no, "user_id": mark.user_id, "after": mark.upto_id},
            dedup_key=f"extract:{mark.conversation_no}:{mark.user_id}:{mark.upto_id}:{span}",
        )
        for mark in marks.due(session, now)
    ]


class Extractor:
    """Does the jobs "memory.extract"."""

    def __init__(self, database: Database, llm: LLM, clock: Clock, max_facts: int) -> None:
        self._db = database
        self._llm = llm
        self._clock = clock
        self._cap = max_facts

    async def work(self, job: ClaimedJob) -> None:
        """Read a job's batch; a model that fails is asked again, then left for later. Raises RetryLater."""
        place, last = job.payload, job.attempts >= RETRIES.attempts
        conversation_no, user_id = int(place["conversation_no"]), int(place["user_id"])
        try:
            outcome = await self._batch(conversation_no, user_id, after=place["after"], give_up=last)
        except LLMError as error:
            if last or error.kind in ("spend_limit", "auth", "quota", "not_found", "no_model"):
                log.warning("facts of conversation %s are read later: %s", conversation_no, error)
                return
            raise RetryLater(str(error), error.retry_after or 0.0) from error
        if outcome.ending == "failed":
            raise RetryLater("the answer could not be read", 0.0)

    async def extract_now(self, conversation_no: int, user_id: int) -> list[Outcome]:
        """Read everything that waits of one person in one conversation, batch by batch. Raises LLMError."""
        outcomes = []
        while True:
            outcome = await self._batch(conversation_no, user_id, give_up=True)
            outcomes.append(outcome)
            if outcome.ending == "nothing":
                return outcomes

    async def _batch(
        self, conversation_no: int, user_id: int, *, after: int | None = None, give_up: bool = False
    ) -> Outcome:
        loaded = await self._db.read(lambda s: self._load(s, conversation_no, user_id))
        if loaded is None or (after is not None and loaded.after != after):
            return Outcome("nothing")
        if loaded.batch is None:
            return await self._db.write(lambda s: self._skip(s, conversation_no, user_id, loaded))
        completion = await self._llm.complete(
            LLMRequest(loaded.batch.prompt, ANSWER_TOKENS, PURPOSE, schema=SCHEMA)
        )
        found = read_answer(completion.text) if completion.finish != "content_filter" else None
        outcome = await self._db.write(
            lambda s: self._store(s, conversation_no, user_id, loaded, completion, found, give_up)
        )
        self._tell(conversation_no, outcome, completion)
        return outcome

    def _load(self, session: Session, conversation_no: int, user_id: int) -> _Loaded | None:
        mark = marks.mark_of(session, conversation_no, user_id)
        conversation = session.get(Conversation, conversation_no)
        if mark is None or mark.waiting_since is None or conversation is None:
            return None
        unread = marks.unread(
            session, conversation_no, user_id, mark.upto_id, tokens=BATCH_TOKENS, most=BATCH_MESSAGES
        )
        if not unread:
            return _Loaded(mark.upto_id, mark.upto_id, None)
        own = [said for said in unread if not said.attached and not has_link(said.text)]
        upto = unread[-1].id
        if sum(said.tokens for said in own) < WORTH or not _readable(session, conversation, user_id):
            return _Loaded(mark.upto_id, upto, None)
        context = marks.before_each(session, own, user_id)
        known = memories.own_valid(session, user_id, self._clock.now())
        return _Loaded(mark.upto_id, upto, reading.make_batch(own, context, known), _names(session, context))

    def _skip(self, session: Session, conversation_no: int, user_id: int, loaded: _Loaded) -> Outcome:
        mark = _unmoved(session, conversation_no, user_id, loaded)
        if mark is None:
            return Outcome("nothing")
        marks.move(session, mark, loaded.upto)
        return Outcome("skipped" if loaded.upto > loaded.after else "nothing")

    def _store(
        self,
        session: Session,
        conversation_no: int,
        user_id: int,
        loaded: _Loaded,
        completion: Completion,
        found: Reading | None,
        give_up: bool,
    ) -> Outcome:
        now = self._clock.now()
        facts.hold(session, user_id)  # before the mark, as whoever receives a message
        payer = (
            None if session.get(User, user_id) is None else user_id
        )  # forgotten meanwhile: paid, yet nobody's
        ledger.charge(session, completion, PURPOSE, now, user_id=payer)
        conversation = session.get(Conversation, conversation_no)
        mark = _unmoved(session, conversation_no, user_id, loaded)
        if mark is None or conversation is None:
            return Outcome("nothing")
        if found is None:
            if give_up:
                marks.move(session, mark, loaded.upto)
            return Outcome("unreadable" if give_up else "failed")
        applied = None
        if _readable(session, conversation, user_id):
            applied = self._apply(session, conversation, user_id, loaded, found, now)
        marks.move(session, mark, loaded.upto)
        return Outcome("read", applied)

    def _apply(
        self,
        session: Session,
        conversation: Conversation,
        user_id: int,
        loaded: _Loaded,
        found: Reading,
        now: datetime,
    ) -> Applied:
        assert loaded.batch is not None
        numbered = loaded.batch.messages
        rows = marks.still_said(session, [said.id for said in numbered.values()], user_id)
        there = {number: rows[said.id] for number, said in numbered.items() if said.id in rows}
        chat = session.get_one(Chat, conversation.chat_id)
        scope = Scope(user_id, chat.id, people.as_chat_ref(chat).private)
        ground = Ground(scope, there, loaded.batch.known, loaded.names, self._cap, now)
        applied = apply(session, found, ground)
        named = {there[number].id: score for number, score in found.important.items() if number in there}
        marks.set_importance(session, importance.scores(list(rows), named, applied.with_fact))
        return applied

    @staticmethod
    def _tell(conversation_no: int, outcome: Outcome, completion: Completion) -> None:
        if outcome.ending in ("unreadable", "failed"):
            log.warning(
                "the answer about conversation %s cannot be read (%s)", conversation_no, completion.finish
            )
        elif outcome.applied is not None and outcome.applied.dropped:
            reasons = ", ".join(f"{why}: {n}" for why, n in sorted(outcome.applied.dropped.items()))
            log.info("conversation %s: not remembered: %s", conversation_no, reasons)


def _readable(session: Session, conversation: Conversation, user_id: int) -> bool:
    """Whether words of this person in this conversation may be read at all."""
    return not conversation.incognito and conversation.status != "deleted" and not paused(session, user_id)


def _unmoved(session: Session, conversation_no: int, user_id: int, loaded: _Loaded) -> ExtractionMark | None:
    """The mark under a lock, unless somebody else has read the batch meanwhile."""
    mark = marks.mark_of(session, conversation_no, user_id, lock=True)
    return mark if mark is not None and mark.upto_id == loaded.after else None


def _names(session: Session, context: Sequence[marks.Spoken]) -> tuple[str, ...]:
    """First names of the others who spoke in the batch's neighbourhood."""
    ids = {said.sender_id for said in context if said.sender_id is not None}
    found = (session.get(User, user_id) for user_id in sorted(ids))
    return tuple(user.first_name for user in found if user is not None and user.first_name)
