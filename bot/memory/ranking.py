"""Ranks messages by their words and their neighbours' words: pure arithmetic on posting lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.core.ids import SEQ_BITS
from bot.memory.evidence import closeness, factors
from bot.memory.postings import Candidate, Floats, Ids, Wanted
from bot.memory.question import Question

REACH = 3
"""Messages on either side from which words reach over."""

FADE = 0.5
"""What is left of a word's weight with each message on the way."""

SITTING = timedelta(hours=6)
"""After such a silence the talk has begun anew: words do not reach over it."""

_SATURATION, _LENGTH = 1.2, 0.5
"""BM25's k1 and b."""

_WHOLE = 80
"""Tokens from which a message speaks for itself: the longer it is, the less it takes from its neighbours."""

_AREA, _AREA_WEIGHT = 8, 0.3
"""A passage about the matter: its terms within so many messages on either side, and what they count."""

_ANSWER = 0.2
"""What an answer takes over of the score of the question right before it."""

_KIN = 0.3
"""What words of near meaning count beside the question's own."""

_VARIETY, _VARIED = 0.05, 30
"""What a term loses in the following hits with each of so many first ones that hold it."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A message with its place in the order (`rank`, any scale) and the 0–1 score that people see.

    `holds` tells that it has a word of the question, or one of near meaning, itself.
    """

    id: int
    rank: float
    score: float
    holds: bool = True


def idf(count: int, holding: int) -> float:
    """What a term tells that stands in `holding` of `count` texts."""
    return math.log(1 + (max(count, holding) - holding + 0.5) / (holding + 0.5))


def kin_weight(weight: float) -> float:
    """What the near words of a term are worth; `weight` is their own idf as one word."""
    return _KIN * weight


def likeliest(wanted: Sequence[Wanted], most: int, favour: Callable[[Ids], Floats] | None = None) -> Ids:
    """At most so many ids that are worth a close look, best first: by their own words and those around."""
    if not wanted:
        return np.empty(0, np.int64)
    found = np.unique(np.concatenate([term.ids for term in wanted]))
    total = np.zeros(len(found))
    for term in wanted:
        at = np.searchsorted(found, term.ids)
        own = np.zeros(len(found))
        own[at] = term.often
        total += term.weight * _saturated(own + FADE * _around(found, term.ids, REACH))
    if favour is not None:
        total *= favour(found)
    return found[np.lexsort((-found, -total))[:most]]


def rank(
    question: Question,
    wanted: Sequence[Wanted],
    candidates: Sequence[Candidate],
    terms: Callable[[str], Sequence[str]],
    now: datetime,
) -> list[Ranked]:
    """The candidates (ids ascending, neighbours among them) that have to do with the question, best first."""
    if not candidates or not wanted:
        return []
    ids = np.array([c.id for c in candidates], np.int64)
    length = np.array([max(1, c.length) for c in candidates], float)
    norm = 1 - _LENGTH + _LENGTH * length / length.mean()
    steps = _steps(candidates, ids)
    parts: dict[str, Floats] = {}
    needs = np.minimum(1.0, _WHOLE / length)
    for term in wanted:
        own = term.often_in(ids) / norm
        heard = own + needs * (_spread(own, steps) - own)
        area = _around(ids, term.ids, _AREA) + (term.often_in(ids) > 0)
        area = np.where(heard > 0, area, 0.0)
        part = term.weight * (_saturated(heard) + _AREA_WEIGHT * _saturated(area))
        parts[term.term] = parts.get(term.term, 0) + part
    total = sum(parts.values())
    total += closeness(question, wanted, candidates, ids, terms)
    total += _answers(candidates, total, steps[1])
    speaking = factors(question, candidates, now)
    total = _varied(total * speaking, np.array([part * speaking for part in parts.values()]))
    scores = _scores(wanted, ids, steps)
    order = np.lexsort((-ids, -total))
    holds = np.logical_or.reduce([term.often_in(ids) > 0 for term in wanted])
    return [
        Ranked(int(ids[i]), float(total[i]), float(scores[i]), bool(holds[i])) for i in order if total[i] > 0
    ]


def _varied(total: Floats, parts: NDArray[np.float64]) -> Floats:
    """The totals, so changed that a term which the first hits hold counts less in later ones.

    A question about two matters would otherwise be answered with one of them, told at length.
    """
    found = total.copy()
    open_ = total > 0
    whole, most = parts.sum(axis=0), parts.max(axis=1) + 1e-9
    worth = np.ones(len(parts))
    lowest = np.inf
    for _ in range(min(_VARIED, int(open_.sum()))):
        left = np.where(open_, total - whole + worth @ parts, -np.inf)
        best = int(np.argmax(left))
        lowest = min(lowest, left[best])
        found[best], open_[best] = lowest, False
        worth *= 1 - _VARIETY * parts[:, best] / most
        worth /= worth.max()
    rest = np.minimum(total - whole + worth @ parts, lowest)
    return np.where(open_, rest, found)


def _saturated(often: Floats) -> Floats:
    found: Floats = often * (_SATURATION + 1) / (often + _SATURATION)
    return found


def _around(ids: Ids, where: Ids, reach: int) -> Floats:
    """How many of `where` stand within `reach` of each id, the id itself not counted."""
    near = np.searchsorted(where, ids + reach, "right") - np.searchsorted(where, ids - reach, "left")
    own = np.searchsorted(where, ids, "right") - np.searchsorted(where, ids, "left")
    found: Floats = (near - own).astype(float)
    return found


def _steps(candidates: Sequence[Candidate], ids: Ids) -> Mapping[int, NDArray[np.bool_]]:
    """For each distance, whether the candidate and the one so many places before it belong to one talk."""
    gaps = [b.sent_at - a.sent_at > SITTING for a, b in pairwise(candidates)]
    sitting = np.concatenate(([0], np.cumsum(gaps)))
    sitting += np.cumsum(np.concatenate(([0], np.diff(ids >> SEQ_BITS) != 0))) * (len(ids) + 1)
    return {
        d: (ids[d:] - ids[:-d] == d) & (sitting[d:] == sitting[:-d])
        if d < len(ids)
        else np.zeros(0, dtype=bool)
        for d in range(1, REACH + 1)
    }


def _spread(values: Floats, steps: Mapping[int, NDArray[np.bool_]]) -> Floats:
    """Each value with what reaches it from its neighbours."""
    found = values.copy()
    for distance, linked in steps.items():
        if len(linked):
            share = FADE**distance
            found[distance:] += share * values[:-distance] * linked
            found[:-distance] += share * values[distance:] * linked
    return found


def _answers(candidates: Sequence[Candidate], total: Floats, linked: NDArray[np.bool_]) -> Floats:
    """What people's answers take over from the questions right before them."""
    asks = np.array([any(mark in c.text[-40:] for mark in "?？") for c in candidates])
    people = np.array([not c.outgoing for c in candidates])
    found = np.zeros(len(candidates))
    if len(linked):
        found[1:] = _ANSWER * total[:-1] * (asks[:-1] & people[1:] & linked)
    return found


def _scores(wanted: Sequence[Wanted], ids: Ids, steps: Mapping[int, NDArray[np.bool_]]) -> Floats:
    """The share of the question that is found, rare terms counting more.

    A term counts in full in the message itself, and half in a neighbour or by a word of near meaning.
    """
    share: dict[str, Floats] = {}
    worth: dict[str, float] = {}
    for term in wanted:
        here = (term.often_in(ids) > 0).astype(float)
        near = here.copy()
        if len(steps[1]):
            near[1:] = np.maximum(near[1:], 0.5 * here[:-1] * steps[1])
            near[:-1] = np.maximum(near[:-1], 0.5 * here[1:] * steps[1])
        value = 0.5 * here if term.kin else near
        share[term.term] = np.maximum(share.get(term.term, np.zeros(len(ids))), value)
        worth[term.term] = max(worth.get(term.term, 0.0), 0.0 if term.kin else term.weight)
    whole = sum(worth.values())
    if whole <= 0:
        return np.zeros(len(ids))
    found: Floats = sum((worth[t] * share[t] for t in share), np.zeros(len(ids))) / whole
    return found
