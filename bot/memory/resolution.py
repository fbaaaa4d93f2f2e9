"""Deciding what a candidate fact is to the facts that are there: known, new, a change, or a question.

- A fact that says the same as a valid one adds its source to that one.
- A value of a single-valued kind, a contrary statement, and what the candidate names as outdated are rivals.
- An explicit candidate closes its rivals with a date; nothing is overwritten or deleted.
- An inferred candidate closes inferred rivals only. Beside an explicit rival it is held: kept as a proposal
  that its owner may confirm, shown in no prompt until then. So two homes never stand side by side, what the
  person told outright wins, and a change that was only overheard is not lost.
- An inferred candidate that was said before its rival is of the past: it is kept as a former value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.db.models import Memory
from bot.memory.kinds import SINGLE
from bot.memory.similar import compare
from bot.memory.text import normal

Origin = Literal["explicit", "inferred"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is to be decided about; `said_at` is when it was said, `replaces` the ids it names as outdated."""

    text: str
    kind: str
    origin: Origin
    said_at: datetime
    replaces: frozenset[int] = frozenset()
    about_other: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same` is the fact that says it already, `twins` are others that do too; `closes` ends now; `held`
    waits for its owner's word; `after` is the later value which a fact of the past preceded.
    """

    same: Memory | None = None
    twins: Sequence[Memory] = field(default=())
    closes: Sequence[Memory] = field(default=())
    held: bool = False
    rivals: Sequence[Memory] = field(default=())
    after: Memory | None = None


def decide(valid: Sequence[Memory], new: Candidate) -> Verdict:
    """What becomes of a candidate beside the person's valid facts."""
    alike = [row for row in valid if _same(row, new)]
    same, twins = (alike[0], alike[1:]) if alike else (None, [])
    rivals = [row for row in valid if row not in alike and _rival(row, new)]
    explicit = [row for row in rivals if row.origin == "explicit"]
    if new.origin == "explicit":
        return Verdict(same, twins, rivals, rivals=rivals)
    if same is not None:
        later = same.valid_at >= new.said_at
        closes = () if later else [row for row in rivals if row not in explicit]
        return Verdict(same, twins, closes, rivals=rivals)
    if explicit:
        return Verdict(held=True, rivals=explicit)
    after = max((row for row in rivals if row.valid_at > new.said_at), key=lambda r: r.valid_at, default=None)
    return Verdict(closes=() if after is not None else rivals, rivals=rivals, after=after)


def _same(row: Memory, new: Candidate) -> bool:
    if row.id in new.replaces and new.origin == "explicit" and row.text_key != normal(new.text):
        return False  # a correction may be one of spelling
    # The kind is a guess; the words are the person's.
    alike = row.kind == new.kind or not {row.kind, new.kind} & SINGLE
    if "pronouns" in (row.kind, new.kind):
        alike = False  # what tells them apart carries no meaning of its own
    return row.text_key == normal(new.text) or (alike and compare(row.text, new.text) == "same")


def _rival(row: Memory, new: Candidate) -> bool:
    if row.id in new.replaces:
        return True
    if row.kind != new.kind or new.about_other:
        return False
    return row.kind in SINGLE or compare(row.text, new.text) == "contrary"
