"""What speaks for a message beside its words: who said it, when, and how close together they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from bot.memory.postings import Candidate, Floats, Ids, Wanted
from bot.memory.question import Question

_NAMED, _BOT, _INSIDE, _AFTER, _RECENT = 1.4, 0.75, 1.0, 0.5, 0.05
"""Factors: a speaker whom the question names; the bot's own words; said in the time that is asked for, or in
the week after it, when people tell what was; and a little for what is new."""

_TELLING = timedelta(days=7)
_HALF_LIFE_DAYS = 30.0

_CLOSE, _CLOSE_WEIGHT = 4, 0.4
"""Neighbours in the question that stand at most so many words apart, and what that counts."""


def factors(question: Question, candidates: Sequence[Candidate], now: datetime) -> Floats:
    """By how much who said it and when makes each message a likelier answer."""
    found = np.ones(len(candidates))
    one_named = len(question.named) == 1
    for place, candidate in enumerate(candidates):
        if candidate.outgoing and not question.to_bot:
            found[place] *= _BOT
        if one_named and not candidate.outgoing and _speaks(candidate.label, question.named):
            found[place] *= _NAMED
        if question.spans:
            found[place] *= 1 + _in_time(question, candidate.sent_at)
        days = max(0.0, (now - candidate.sent_at).total_seconds() / 86400)
        found[place] *= 1 + _RECENT * 2 ** (-days / _HALF_LIFE_DAYS)
    return found


def _speaks(label: str, names: Collection[str]) -> bool:
    return any(label == name or label.startswith(f"{name} ") for name in names)


def _in_time(question: Question, said: datetime) -> float:
    if any(span.start <= said < span.end for span in question.spans):
        return _INSIDE
    return _AFTER if any(span.end <= said < span.end + _TELLING for span in question.spans) else 0.0


def closeness(
    question: Question,
    wanted: Sequence[Wanted],
    candidates: Sequence[Candidate],
    ids: Ids,
    terms: Callable[[str], Sequence[str]],
) -> Floats:
    """What it counts that terms which stand side by side in the question do so in a message."""
    own = {term.term: (term, term.often_in(ids) > 0) for term in wanted if not term.kin}
    found = np.zeros(len(ids))
    places: dict[int, Mapping[str, list[int]]] = {}
    for one, two in pairwise(question.terms):
        if one not in own or two not in own:
            continue
        for i in np.flatnonzero(own[one][1] & own[two][1]).tolist():
            if i not in places:
                places[i] = _places(candidates[i].text, terms)
            apart = _apart(places[i].get(one, []), places[i].get(two, []))
            if apart <= _CLOSE:
                worth = own[one][0].weight + own[two][0].weight
                found[i] += _CLOSE_WEIGHT * worth * 2 / (1 + apart)
    return found


_READ = 2000
"""Characters of a message that are read for the places of its words."""


def _places(text: str, terms: Callable[[str], Sequence[str]]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, term in enumerate(terms(text[:_READ])):
        found.setdefault(term, []).append(place)
    return found


def _apart(ones: Sequence[int], twos: Sequence[int]) -> int:
    return min((abs(a - b) for a in ones for b in twos), default=_CLOSE + 1)
