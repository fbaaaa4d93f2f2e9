"""Which call a run makes next, and what the run is behind it. Pure: what it needs was read before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.context import summary_prompts as prompts
from bot.context.summary_call import ROOM_FOR_ENDING, Written, carried, within
from bot.context.summary_language import main_language
from bot.context.summary_lines import SHORT_LINE, Chunk, take
from bot.context.summary_plan import Note, Run, next_action, part_cap
from bot.context.summary_prompts import Order
from bot.core.llm import Message
from bot.core.ports import TokenCounter
from bot.db.repositories.summary_sources import Said

MARGIN = 32
"""Tokens of a prompt that stay free: its parts are counted one by one."""

_CARRIED = 4
"""What the last summary knew takes at most one part in so many of a prompt."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a step reads: the next messages (`whole`: there are no more behind them), and the last summary.

    `since` is the beginning of what the summary covers.
    """

    messages: Sequence[Said]
    whole: bool
    previous: str
    since: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Call:
    """A call, and what its answer is: the summary (`final`), the notes of a chunk, or those of several."""

    messages: list[Message]
    cap: int
    final: bool = False
    chunk: Chunk | None = None
    done: bool = False
    merged: slice | None = None


class Steps:
    """The steps of runs whose summaries have about `tokens` tokens, with prompts under `ceiling`."""

    def __init__(self, ceiling: int, tokens: int, counter: TokenCounter) -> None:
        self._counter = counter
        self.room = room_of(ceiling, counter)
        self.cap = min(tokens, int(self.room / ROOM_FOR_ENDING))

    @property
    def limit(self) -> int:
        """So many messages are read at a time; more of them hardly fit into one prompt."""
        return self.room // SHORT_LINE + 2

    def next_call(self, run: Run, source: Source, *, terse: bool) -> Call | Run | None:
        """The call to make now, or the run behind messages without words; None with nothing to tell."""
        action, span = next_action(run, self.cap, self.room)
        if action == "part":
            chunk = take(source.messages, self.room, run.after, run.offset, source.zone, self._counter)
            done = source.whole and not chunk.more
            if chunk.lines:
                return self._tell(run, source, chunk, done=done, terse=terse)
            run = run.told(chunk, None, done=done)
            if not done:
                return run
            if not run.notes:
                return None
            action, span = next_action(run, self.cap, self.room)
        if run.draft is not None:
            text = within(run.draft, self.room, self._counter)
            return Call(prompts.shorten(self._order(run, self.cap, terse=terse), text), self.cap, final=True)
        return self._merge(run, source, span, final=action == "finish", terse=terse)

    def _order(self, run: Run, cap: int, *, terse: bool) -> Order:
        return Order("notes", main_language(run.votes), cap, terse)

    def _tell(self, run: Run, source: Source, chunk: Chunk, *, done: bool, terse: bool) -> Call:
        """The notes of one chunk; where it is all there is, they are the summary."""
        whole = done and not run.notes
        cap = self.cap if whole else part_cap(self.cap, self.room)
        order = self._order(run.told(chunk, None, done=done), cap, terse=terse)
        known = self._known(source, self.room - chunk.tokens) if whole else ""
        messages = prompts.transcript(order, chunk.lines, known)
        return Call(messages, cap, final=whole, chunk=chunk, done=done)

    def _merge(self, run: Run, source: Source, span: slice, *, final: bool, terse: bool) -> Call:
        cap = self.cap if final else part_cap(self.cap, self.room)
        notes = [note.text for note in run.notes[span]]
        if final and (known := self._known(source, self.room - sum(note.cost for note in run.notes))):
            notes.insert(0, known)
        messages = prompts.merge(self._order(run, cap, terse=terse), notes)
        return Call(messages, cap, final=final, merged=span)

    def _known(self, source: Source, left: int) -> str:
        """What the last summary knew of the time that is still covered."""
        most = min(left - MARGIN, self.room // _CARRIED)
        known = carried(source.previous, source.since, source.zone) if most > 0 else ""
        return within(known, most, self._counter) if known else ""

    def finished(self, run: Run, call: Call, written: Written | None) -> str | None:
        """The text to store as the summary; None while there is something left to do.

        `written` is None where a draft could not be shortened: cut, it is better than nothing.
        """
        if run.draft is not None:
            return within(written.text if written else run.draft, self.cap, self._counter)
        return written.text if call.final and written is not None and written.tokens <= self.cap else None

    def behind(self, run: Run, call: Call, written: Written) -> Run:
        """The run once the call is answered."""
        most = int(call.cap * ROOM_FOR_ENDING)
        text = written.text if written.tokens <= most else within(written.text, most, self._counter)
        tokens = min(written.tokens, most)
        if call.final:
            run = replace(run, draft=text, done=True)
        elif call.merged is not None:
            run = run.merged(call.merged, text, tokens)
        elif call.chunk is not None:
            run = run.told(call.chunk, Note(0, text, tokens), done=call.done)
        return replace(run, step=run.step + 1)


def room_of(ceiling: int, counter: TokenCounter) -> int:
    """The tokens that a prompt under the ceiling has for a transcript and notes."""
    rules = prompts.transcript(Order("notes", None, 99_999), (), "x")
    return ceiling - counter.count_messages(rules) - MARGIN
