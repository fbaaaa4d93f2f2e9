"""A run of a period's summary as a value, and what its next step is. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from bot.context.summary_lines import Chunk
from bot.db.repositories.summaries import Place

Action = Literal["part", "merge", "finish", "shorten"]

_FRAME = 10
_PARTS = 4
"""The notes of a part take at most one part in so many of a prompt, so that several fit into one merge."""


@dataclass(frozen=True, slots=True)
class Note:
    """The summary of a part of the transcript; level 0 from the lines, higher from that many merges."""

    level: int
    text: str
    tokens: int

    @property
    def cost(self) -> int:
        """The tokens that it takes in a prompt, with its marks."""
        return self.tokens + _FRAME


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run has come; the payload of the job that does its next step.

    `until` is the moment of its first step. Told are all messages up to `after`, and `offset` characters of
    the one behind it; `done` says that none is left. `draft` is a finished summary that is too long.
    """

    key: str
    kind: str
    place: Place
    until: datetime | None = None
    step: int = 0
    after: int = 0
    offset: int = 0
    done: bool = False
    notes: tuple[Note, ...] = ()
    votes: Mapping[str, int] = field(default_factory=dict)
    draft: str | None = None

    @classmethod
    def stored(cls, payload: Mapping[str, Any]) -> Run:
        """The run in a job's payload."""
        until = payload.get("until")
        return cls(
            key=payload["key"],
            kind=payload["kind"],
            place=Place(payload["chat_id"], payload["topic_id"]),
            until=datetime.fromisoformat(until) if until else None,
            step=payload.get("step", 0),
            after=payload.get("after", 0),
            offset=payload.get("offset", 0),
            done=payload.get("done", False),
            notes=tuple(Note(*note) for note in payload.get("notes", ())),
            votes=payload.get("votes", {}),
            draft=payload.get("draft"),
        )

    def payload(self) -> dict[str, Any]:
        """The run as a job's payload."""
        return {
            "key": self.key, "kind": self.kind, "chat_id": self.place.chat_id,
            "topic_id": self.place.topic_id, "until": self.until.isoformat() if self.until else None,
            "step": self.step, "after": self.after, "offset": self.offset, "done": self.done,
            "notes": [[note.level, note.text, note.tokens] for note in self.notes],
            "votes": dict(self.votes), "draft": self.draft,
        }  # fmt: skip

    @property
    def next_key(self) -> str:
        """The dedup key of the step after this one."""
        return f"{self.key}/{self.step + 1}"

    def told(self, chunk: Chunk, note: Note | None, *, done: bool) -> Run:
        """The run behind one more chunk."""
        return replace(
            self,
            after=chunk.after,
            offset=chunk.offset,
            done=done,
            notes=(*self.notes, note) if note else self.notes,
            votes=dict(Counter(self.votes) + Counter(chunk.votes)),
        )

    def merged(self, span: slice, text: str, tokens: int) -> Run:
        """The run with some of its notes made one."""
        level = max(note.level for note in self.notes[span]) + 1
        return replace(
            self, notes=(*self.notes[: span.start], Note(level, text, tokens), *self.notes[span.stop :])
        )


def part_cap(cap: int, room: int) -> int:
    """The length of a part's notes, in tokens."""
    return min(cap, max(1, room // _PARTS))


def next_action(run: Run, cap: int, room: int) -> tuple[Action, slice]:
    """What to do next, and with which notes. `room` is what a prompt holds beside its rules."""
    everything = slice(0, len(run.notes))
    if run.draft is not None:
        return "shorten", everything
    if not run.done:
        full = full_level(run.notes, max(2, room // (part_cap(cap, room) * 5 // 4 + _FRAME)))
        return ("merge", full) if full is not None else ("part", everything)
    if sum(note.cost for note in run.notes) <= room:
        return "finish", everything
    return "merge", newest_that_fit(run.notes, room)


def full_level(notes: Sequence[Note], fanout: int) -> slice | None:
    """The last notes, if they are as many of one level as one merge takes."""
    last = notes[-fanout:]
    if len(last) < fanout or len({note.level for note in last}) > 1:
        return None
    return slice(len(notes) - fanout, len(notes))


def newest_that_fit(notes: Sequence[Note], room: int) -> slice:
    """The last notes that fit into one prompt, at least two."""
    count = 0
    for note in reversed(notes):
        room -= note.cost
        if room < 0:
            break
        count += 1
    return slice(len(notes) - max(2, count), len(notes))


def together(notes: Sequence[Note], room: int) -> list[list[Note]]:
    """The notes in groups that fit into one prompt each, in their order; two fit at least."""
    groups: list[list[Note]] = []
    used = 0
    for note in notes:
        used += note.cost
        if not groups or (used > room and len(groups[-1]) > 1):
            groups.append([])
            used = note.cost
        groups[-1].append(note)
    return groups
