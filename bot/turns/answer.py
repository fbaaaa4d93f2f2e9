"""Answering: load, build the context, run the loop, commit, deliver; a re-run goes on where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.context.history import strip_echo
from bot.context.load import view_limits
from bot.context.manager import ContextServices
from bot.context.state import state_lines
from bot.context.summary_running import RunningSettings, due_after_turn, window_edge
from bot.core.errors import DeliveryError, LLMError, RetryLater
from bot.core.jobs import ClaimedJob
from bot.core.llm import Finish
from bot.core.messages import Notice, Reply
from bot.core.ports import Clock, ReplySink, Sinks, TokenCounter
from bot.core.views import TurnView
from bot.db import models
from bot.db.engine import Database
from bot.db.repositories import jobs, ledger, memories, talk, turns
from bot.db.repositories.turn_view import load_for_turn
from bot.db.repositories.turns import TurnState
from bot.memory.recall import Recall
from bot.services.profiles import wants_notices
from bot.tools.registry import ToolRegistry
from bot.turns.halts import Halted, Halts
from bot.turns.lacks import untold
from bot.turns.late import late_job, must_leave
from bot.turns.loop import Outcome, ToolLoop
from bot.turns.prompting import Prompting, cited, facts_in
from bot.turns.settling import still_asked, told_by_code
from bot.turns.steps import forget_last_call

log = logging.getLogger(__name__)

CUT: Final[frozenset[Finish]] = frozenset(("length", "truncated", "content_filter"))
"""How a call ends whose text is not whole."""

QUIET: Final = ("remembered", "updated")
"""Notices that a person may turn off."""


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """What answering is put together from."""

    database: Database
    clock: Clock
    tokens: TokenCounter
    context: ContextServices
    tools: ToolRegistry
    loop: ToolLoop
    sinks: Sinks
    halts: Halts
    recall: Recall
    summaries: RunningSettings


class Answerer:
    """Does the jobs "turn.answer"."""

    def __init__(self, parts: AnswerParts) -> None:
        self._p = parts

    async def answer(self, job: ClaimedJob) -> None:
        """Bring a turn to its delivered end, from wherever it stands. Raises RetryLater."""
        turn_id: int = job.payload["turn_id"]
        now = self._p.clock.now()
        state = await self._p.database.write(lambda s: turns.take_up(s, turn_id, now))
        if state is None or state.status in ("delivered", "undeliverable"):
            return
        sink = self._p.sinks.open(state.ref)
        if state.status == "answering":
            await self._produce(state, sink)
        await self._deliver(state, sink, job)

    async def give_up(self, job: ClaimedJob, error: Exception) -> None:
        """The last word on a turn whose job kept failing: a failed reply that can be retried."""
        turn_id: int = job.payload["turn_id"]
        log.error("turn %s is given up: %r", turn_id, error)
        await self._fail(turn_id, getattr(error, "user_key", "error.internal"), unless_settled=True)
        now = self._p.clock.now()
        state = await self._p.database.write(lambda s: turns.take_up(s, turn_id, now))
        if state is not None and state.status not in ("delivered", "undeliverable"):
            await self._deliver(state, self._p.sinks.open(state.ref), job, last=True)

    async def _produce(self, state: TurnState, sink: ReplySink) -> None:
        turn_id = state.ref.turn_id
        shown = _Shown(sink)
        try:
            if state.stop_requested:
                raise Halted
            await sink.begin()
            await self._p.halts.guard(turn_id, self._work(state, shown))
        except Halted:
            await self._stopped(state, shown)
        except LLMError as error:
            log.warning("turn %s: the model failed: %s", turn_id, error)
            if error.partial.strip():
                await self._broken_off(state, max(error.partial, shown.text, key=len))
            else:
                await self._fail(turn_id, error.user_key)
        finally:
            self._p.halts.forget(turn_id)

    async def _work(self, state: TurnState, shown: _Shown) -> None:
        view = await self._view(state.ref.turn_id)
        now = self._p.clock.now()
        states = await self._p.database.read(lambda s: state_lines(s, view, now))
        prompting = Prompting(self._p.context, self._p.tools, self._p.recall, view, states)
        outcome = await self._p.loop.run(view, prompting.prompt, state.steps, shown.show)
        text = strip_echo(outcome.text, (self._p.context.identity().name,)).strip()
        if not text and not outcome.notices:
            # A stored call that led to nothing would lead there again when the asker presses Retry.
            await self._p.database.write(lambda s: forget_last_call(s, state.ref.turn_id))
            raise LLMError("bad_response", "the model answered with nothing")
        await self._settle(state, view, text, outcome, prompting)

    async def _view(self, turn_id: int) -> TurnView:
        limits = view_limits(self._p.context)
        return await self._p.database.read(lambda s: load_for_turn(s, turn_id, limits))

    async def _settle(
        self,
        state: TurnState,
        view: TurnView,
        text: str,
        outcome: Outcome,
        prompting: Prompting,
    ) -> None:
        """Transaction 2: reply, trace and the turn's end, together; usage was written with each step."""
        now, turn_id, trace = self._p.clock.now(), state.ref.turn_id, prompting.trace
        cut = {"cut": True} if outcome.completion.finish in CUT else {}
        new = cited(self._reply_row(state, text, **cut), prompting.passages)

        def unit(session: Session) -> None:
            message = talk.append(session, view.conversation_no, new) if text else None
            told = told_by_code(session, turn_id)
            asked = still_asked(session, view.scope, outcome.notices, now)
            notices = [*told, *asked, *untold(session, state.chat_id, outcome.calls, now)]
            turns.settle(session, turn_id, status="answered", now=now, reply=message, notices=notices)
            reply_id = message.id if message else None
            ledger.keep_trace(session, turn_id, reply_id, trace.as_rows(), prompting.sent, now)
            memories.note_used(session, facts_in(trace), now)
            due = due_after_turn(session, view.conversation_no, window_edge(trace), self._p.summaries)
            jobs.enqueue(session, due, now)

        await self._commit(turn_id, unit)

    async def _commit(self, turn_id: int, unit: Callable[[Session], None]) -> None:
        """Settle the turn by `unit`; nothing is stored of one that is gone with its asker."""

        def guarded(session: Session) -> None:
            if turns.lock(session, turn_id):
                unit(session)

        await self._p.database.write(guarded)

    def _reply_row(self, state: TurnState, text: str, **meta: Any) -> talk.NewMessage:
        now = self._p.clock.now()
        return talk.NewMessage(
            direction="outgoing",
            content=text,
            label=self._p.context.identity().name,
            sent_at=now,
            token_count=self._p.tokens.count(text),
            reply_to=state.message_id,
            processing_time_ms=int((now - state.created_at).total_seconds() * 1000),
            meta=meta,
        )

    async def _broken_off(self, state: TurnState, text: str) -> None:
        """Keep what came before the deadline; what it cost is in the ledger already."""
        now, turn_id = self._p.clock.now(), state.ref.turn_id
        new = self._reply_row(state, text.strip(), cut=True)

        def unit(session: Session) -> None:
            message = talk.append(session, state.conversation_no, new)
            told = told_by_code(session, turn_id)
            turns.settle(session, turn_id, status="answered", now=now, reply=message, notices=told)

        await self._commit(turn_id, unit)

    async def _stopped(self, state: TurnState, shown: _Shown) -> None:
        """Keep what came before the asker said stop, marked; what it cost is in the ledger already."""
        now, turn_id, text = self._p.clock.now(), state.ref.turn_id, shown.text.strip()
        new = self._reply_row(state, text, stopped=True)

        def unit(session: Session) -> None:
            message = talk.append(session, state.conversation_no, new) if text else None
            told = told_by_code(session, turn_id)
            turns.settle(session, turn_id, status="stopped", now=now, reply=message, notices=told)

        await self._commit(turn_id, unit)

    async def _fail(self, turn_id: int, error_key: str, *, unless_settled: bool = False) -> None:
        now = self._p.clock.now()

        def unit(session: Session) -> None:
            turn = session.get_one(models.Turn, turn_id)
            if unless_settled and turn.status not in turns.OPEN:
                return
            told = told_by_code(session, turn_id)
            turns.settle(session, turn_id, status="failed", now=now, error_key=error_key, notices=told)

        await self._commit(turn_id, unit)

    async def _deliver(
        self, state: TurnState, sink: ReplySink, job: ClaimedJob, *, last: bool = False
    ) -> None:
        turn_id, status = state.ref.turn_id, "delivered"
        reply = await self._p.database.read(lambda s: stored_reply(s, turn_id))
        if reply is None:
            return
        try:
            await sink.finish(reply)
        except DeliveryError as error:
            seconds = error.retry_after
            if seconds is not None and not last and not must_leave(job, seconds, self._p.clock.now()):
                raise RetryLater(str(error), seconds) from error
            if seconds is not None and await self._put_off(turn_id, job, seconds):
                return
            log.warning("turn %s cannot be delivered: %s", turn_id, error)
            status = "undeliverable"
        await self._p.database.write(lambda s: _close(s, turn_id, status))

    async def _put_off(self, turn_id: int, job: ClaimedJob, seconds: float) -> bool:
        now = self._p.clock.now()
        later = late_job(turn_id, job, seconds, now)
        if later is None:
            return False
        log.warning("turn %s is shown later: it cannot be shown now", turn_id)
        await self._p.database.write(lambda s: jobs.enqueue(s, [later], now))
        return True


class _Shown:
    """Remembers the text that was shown, so that a stopped answer can be kept."""

    def __init__(self, sink: ReplySink) -> None:
        self._sink = sink
        self.text = ""

    def show(self, text: str) -> None:
        self.text = text
        self._sink.show(text)


def stored_reply(session: Session, turn_id: int) -> Reply | None:
    """The settled answer of a turn as it stands in the database; None when the turn is gone."""
    turn = session.get(models.Turn, turn_id)
    if turn is None:
        return None
    message = session.get(models.Message, turn.reply_message_id) if turn.reply_message_id else None
    notices = tuple(
        Notice(kind=row["kind"], text=row["text"], memory_ids=tuple(row.get("ids", ())))
        for row in turn.notices
    )
    text = message.content if message else ""
    # Whoever wants no notices finds what was remembered, and its undo, in /memories.
    if text.strip() and not wants_notices(session, turn.user_id):
        notices = tuple(notice for notice in notices if notice.kind not in QUIET)
    return Reply(
        text=text,
        notices=notices,
        failed=turn.error_key is not None,
        stopped=bool(message and message.meta.get("stopped")) or turn.status == "stopped",
        cut=bool(message and message.meta.get("cut")),
        error_key=turn.error_key,
    )


def _close(session: Session, turn_id: int, status: str) -> None:
    turn = session.get(models.Turn, turn_id)
    if turn is not None:
        turn.status = status
