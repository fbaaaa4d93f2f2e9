"""Finds facts, summaries and passages of documents by the words of a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db import search as index
from bot.db.repositories import knowledge
from bot.db.repositories import recall as rows
from bot.db.repositories.recall import Places
from bot.memory.hits import Ask, Hit, Kind
from bot.memory.question import Question
from bot.memory.ranking import idf, kin_weight

_SPARE = 3
"""So many times the limit is looked up: some of it may turn out not to be visible."""


def owners(scope: Scope, seen: Places, kind: Kind) -> list[str]:
    """Whose items of a kind may be searched in a scope, as the index names them."""
    own = [] if scope.user_id is None else [f"u{scope.user_id}"]
    chats = [f"c{chat_id}" for chat_id in seen.chat_ids]
    if kind == "fact":
        return [*own, *chats, "s"] if own or chats else []
    if kind == "chunk":
        key = knowledge.owner_in(scope).key
        return [key] if key is not None else []
    return chats


def found(
    session: Session, scope: Scope, ask: Ask, seen: Places, question: Question, kind: Kind
) -> list[Hit]:
    """The items of one kind that fit the question, best first."""
    whose = owners(scope, seen, kind)
    if not whose or not question.terms:
        return []
    scored = _scored(session, whose, kind, question)
    best = sorted(scored.items(), key=lambda pair: (-pair[1][0], -pair[0]))[: _SPARE * ask.limit]
    return views(session, scope, ask, seen, kind, [(id_, score) for id_, (_, score) in best])[: ask.limit]


def _scored(
    session: Session, whose: Sequence[str], kind: Kind, question: Question
) -> dict[int, tuple[float, float]]:
    """For each item its place in the order, and the share of the question that it holds."""
    count = index.item_count_of(session, whose, [kind])
    near = {term for kin in question.kin.values() for term in kin}
    posted = index.item_postings(session, whose, [kind], [*question.terms, *sorted(near)])
    rank: defaultdict[int, float] = defaultdict(float)
    share: defaultdict[int, float] = defaultdict(float)
    whole = 0.0
    for term in question.terms:
        own = posted.get(term)
        weight = idf(count, len(own.ids) if own else 0)
        whole += weight
        holds: dict[int, float] = {}
        for kin in question.kin.get(term, ()):
            if kin in posted:
                holds |= {item: 0.5 for _, item in posted[kin].ids}
        for item in holds:
            rank[item] += kin_weight(weight)
        for place, (_, item) in enumerate(own.ids if own else ()):
            holds[item] = 1.0
            often = own.tf[place] if own and own.tf else 1
            rank[item] += weight * often * 2.2 / (often + 1.2)
        for item, held in holds.items():
            share[item] += weight * held
    return {item: (value, share[item] / whole if whole > 0 else 0.0) for item, value in rank.items()}


def views(
    session: Session, scope: Scope, ask: Ask, seen: Places, kind: Kind, scored: Sequence[tuple[int, float]]
) -> list[Hit]:
    """The items with these ids and scores as hits, in their order, as far as they may be seen."""
    ids = [id_ for id_, _ in scored]
    if not ids:
        return []
    make = {"fact": _facts, "chunk": _chunks, "summary": _summaries}[kind]
    shown = {hit.id: hit for hit in make(session, scope, ask, seen, dict(scored))}
    return [shown[id_] for id_ in ids if id_ in shown]


def _facts(session: Session, scope: Scope, ask: Ask, seen: Places, scores: dict[int, float]) -> list[Hit]:
    return [
        Hit(
            "fact", row.id, row.text, row.valid_at, _round(scores[row.id]), source=row.subject,
            tags=tuple(row.tags),
        )
        for row in rows.facts(session, scope, seen, scores.keys(), ask.now)
    ]  # fmt: skip


def _chunks(session: Session, scope: Scope, _ask: Ask, _seen: Places, scores: dict[int, float]) -> list[Hit]:
    return [
        Hit("chunk", view.id, view.cited, view.added_at, _round(scores[view.id]), source=view.citation)
        for view in knowledge.chunk_views(session, scope, list(scores))
    ]


def _summaries(
    session: Session, _scope: Scope, _ask: Ask, seen: Places, scores: dict[int, float]
) -> list[Hit]:
    return [
        Hit("summary", row.id, row.text, row.period_end, _round(scores[row.id]), source=row.kind,
            chat_id=row.chat_id)
        for row in rows.summaries(session, seen, scores.keys())
    ]  # fmt: skip


def _round(score: float) -> float:
    return round(min(1.0, score), 4)
