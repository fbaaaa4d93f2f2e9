"""Finds messages: posting lists of the question's terms, a close look at the likeliest, and their order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from bot.core.ids import SEQ_BITS, conversation_of, conversation_range
from bot.db import search as index
from bot.db.repositories import recall as rows
from bot.db.repositories.recall import Line, Places, Where
from bot.memory.hits import Ask, Hit
from bot.memory.lexing import terms
from bot.memory.postings import Floats, Ids, Wanted
from bot.memory.question import Question
from bot.memory.ranking import REACH, idf, kin_weight, likeliest, rank

COMMON = 20_000
"""A term in more messages than this is read only where it stands beside a rarer one, or its newest ones."""

COUNTED = 100_000
"""So far common terms are counted; beyond that they tell next to nothing."""

FAINT = 0.1
"""What a word of the asking itself counts: answers repeat it by chance only."""

LOOKED_AT, CLOSELY = 240, 80
"""Messages that get a close look, and how many of them with all neighbours whose words reach them."""


@dataclass(frozen=True, slots=True)
class _Search:
    """One search for messages on its way."""

    session: Session
    ask: Ask
    seen: Places
    question: Question
    ranges: Sequence[tuple[int, int]]

    @property
    def chat_ids(self) -> Sequence[int]:
        return self.seen.chat_ids


def messages(session: Session, ask: Ask, seen: Places, question: Question) -> list[Hit]:
    """The visible messages that have to do with the question, best first, as far as words tell."""
    if not seen.chat_ids:
        return []
    ranges = [
        found for span in question.spans for found in rows.said_between(session, seen, span.start, span.end)
    ]
    search = _Search(session, ask, seen, question, ranges)
    if not question.terms:
        return _said_then(search)
    wanted = _wanted(search)
    top = likeliest(wanted, LOOKED_AT, _favouring(ranges) if ranges else None)
    found = {line.id: line for line in _with_neighbours(search, top)}
    wanted = _completed(search, wanted, list(found.values()))
    ranked = rank(question, wanted, list(found.values()), terms, ask.now)
    scored = [
        (found[item.id], item.score)
        for item in ranked
        if (item.holds or ask.neighbours) and _allowed(search, found[item.id])
    ]
    return hits(session, _strictly(search, scored)[: ask.limit])


def by_ids(session: Session, ask: Ask, seen: Places, scored: Sequence[tuple[int, float]]) -> list[Hit]:
    """Messages that were found by other means, in their order, as far as they may be seen."""
    found = {line.id: line for line in rows.lines(session, [id_ for id_, _ in scored], ask.now)}
    outside = _Search(session, ask, seen, Question("", ()), ())
    pairs = [(found[id_], score) for id_, score in scored if id_ in found and _allowed(outside, found[id_])]
    return hits(session, pairs)


def hits(session: Session, scored: Sequence[tuple[Line, float]]) -> list[Hit]:
    """Messages as hits, with the conversation that each stands in."""
    where = rows.whereabouts(session, {conversation_of(line.id) for line, _ in scored})
    return [
        _hit(line, score, where[conversation_of(line.id)])
        for line, score in scored
        if conversation_of(line.id) in where
    ]


def _hit(line: Line, score: float, place: Where) -> Hit:
    return Hit(
        "message", line.id, line.text, line.sent_at, round(min(1.0, score), 4), speaker=line.label,
        outgoing=line.outgoing, source=place.conversation_id, place=place.title or "", chat_id=place.chat_id,
    )  # fmt: skip


def _wanted(search: _Search) -> list[Wanted]:
    """The posting lists of the question's terms and of their near words, each with its worth."""
    count = index.message_count_of(search.session, search.chat_ids)
    holding, posted, whole = _postings(search, count)
    found = []
    for term in search.question.terms:
        if term in posted:
            postings = posted[term]
            often = np.ones(len(postings.ids)) if postings.tf is None else np.array(postings.tf, float)
            weight = idf(count, holding[term]) * (FAINT if term in search.question.faint else 1.0)
            found.append(
                _kept(search, Wanted(term, _ids(postings.ids), often, weight, complete=term in whole))
            )
        if (near := search.question.kin.get(term)) and term not in search.question.faint:
            ids = rows.holding_any(search.session, search.chat_ids, near, COMMON)
            held = len(ids) if len(ids) < COMMON else max(COMMON, min(COUNTED, count // 4))
            weight = kin_weight(idf(count, held))
            found.append(
                _kept(search, Wanted(term, _ids(ids), np.ones(len(ids)), weight, True, len(ids) < COMMON))
            )
    return [wanted for wanted in found if len(wanted.ids)]


def _postings(
    search: _Search, count: int
) -> tuple[dict[str, int], dict[str, index.Postings], Collection[str]]:
    """How many messages hold each term, which, and the terms of which that is all of them.

    A very common term is read only beside rarer ones; without any, its newest messages are.
    """
    session, chat_ids, words = search.session, search.chat_ids, search.question.terms
    if count <= COMMON:
        posted = index.message_postings(session, chat_ids, words)
        return {term: len(found.ids) for term, found in posted.items()}, posted, words
    holding = index.frequencies(session, chat_ids, words, most=COUNTED)
    rare = [term for term in words if 0 < holding[term] <= COMMON]
    common = [term for term in words if holding[term] > COMMON]
    posted = index.message_postings(session, chat_ids, rare)
    if common:
        posted |= index.message_postings(session, chat_ids, common, limit=COMMON, beside=rare)
    return holding, posted, rare


def _kept(search: _Search, term: Wanted) -> Wanted:
    """The postings without what must not be seen at all: it must not even lend its words to others."""
    if not search.seen.hidden or not len(term.ids):
        return term
    hidden = np.array(sorted(search.seen.hidden), np.int64)
    open_ = ~np.isin(term.ids >> SEQ_BITS, hidden)
    return replace(term, ids=term.ids[open_], often=term.often[open_])


def _ids(found: Sequence[int]) -> Ids:
    return np.array(found, np.int64)


def _completed(search: _Search, wanted: Sequence[Wanted], lines: Sequence[Line]) -> list[Wanted]:
    """The postings that a limit cut short, made whole for the lines that are looked at closely."""
    if all(term.complete for term in wanted):
        return list(wanted)
    held = [(line.id, line.held.split()) for line in lines]
    return [term if term.complete else _with_lines(search, term, held) for term in wanted]


def _with_lines(search: _Search, term: Wanted, held: Sequence[tuple[int, Sequence[str]]]) -> Wanted:
    words = search.question.kin[term.term] if term.kin else {term.term}
    marks = words | {f"{word}^{number}" for word in words for number in (2, 3)} if not term.kin else words
    often = dict(zip(term.ids.tolist(), term.often.tolist(), strict=True))
    for message, tokens in held:
        count = sum(token in marks for token in tokens)
        if count and message not in often:
            often[message] = 1.0 if term.kin else float(count)
    ids = sorted(often)
    return replace(term, ids=np.array(ids, np.int64), often=np.array([often[i] for i in ids], float))


def _favouring(ranges: Sequence[tuple[int, int]]) -> Callable[[Ids], Floats]:
    """What was said in the time that is asked for counts double when the likeliest are chosen."""

    def favour(ids: Ids) -> Floats:
        inside = np.zeros(len(ids), dtype=bool)
        for first, last in ranges:
            inside |= (ids >= first) & (ids <= last)
        return np.where(inside, 2.0, 1.0)

    return favour


def _with_neighbours(search: _Search, top: Ids) -> list[Line]:
    """The likeliest messages with what stands around them, the first ones with all that reaches them."""
    if not len(top):
        return []
    near = [top[:CLOSELY] + step for step in range(-REACH, REACH + 1)]
    around = np.unique(np.concatenate([*near, top - 1, top, top + 1]))
    return rows.lines(search.session, around.tolist(), search.ask.now)


def _allowed(search: _Search, line: Line) -> bool:
    """Whether a message may be a hit: visible, not seen already, and with words of its own."""
    message = line.id
    if message in search.ask.without or conversation_of(message) in search.seen.hidden:
        return False
    if not line.text.strip():
        return False
    edge = search.ask.before
    return edge is None or not edge <= message <= conversation_range(conversation_of(edge))[1]


def _strictly(search: _Search, scored: list[tuple[Line, float]]) -> list[tuple[Line, float]]:
    """What keeps to the time and the speaker that are asked for; everything where that would be nothing."""
    if not search.ask.strictly:
        return scored
    spans, speaker = search.question.spans, search.ask.speaker.casefold().strip()
    if spans:
        inside = [pair for pair in scored if any(s.start <= pair[0].sent_at < s.end for s in spans)]
        scored = inside or scored
    if speaker:
        said = [pair for pair in scored if pair[0].label.casefold().startswith(speaker)]
        scored = said or scored
    return scored


def _said_then(search: _Search) -> list[Hit]:
    """For a question about nothing but a time: what was said then, the weightiest first."""
    ids = rows.newest_in(search.session, search.ranges, 4 * search.ask.limit)
    found = rows.lines(search.session, ids, search.ask.now)
    kept = [line for line in found if _allowed(search, line)]
    kept.sort(key=_weight, reverse=True)
    return hits(search.session, _strictly(search, [(line, 0.5) for line in kept])[: search.ask.limit])


_TELLING_LENGTH = 60


def _weight(line: Line) -> tuple[float, int]:
    """People's words before the bot's, important and telling ones before nods; the newer of equals."""
    told = min(line.length, _TELLING_LENGTH) / _TELLING_LENGTH
    return told + (line.importance or 0.0) - 0.5 * line.outgoing, line.id
