"""Recall: finds the messages, facts, summaries and passages that have to do with a question."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from bot.core.errors import LLMError
from bot.core.ports import Embedder
from bot.core.scope import Scope
from bot.db import search as index
from bot.db.engine import Database
from bot.db.repositories import recall as rows
from bot.db.repositories.recall import Places
from bot.memory import finding, items
from bot.memory.hits import Ask, Hit, Kind, Meaning
from bot.memory.indexing import flush
from bot.memory.question import Question, understand

log = logging.getLogger(__name__)

RRF = 60
"""The constant of reciprocal rank fusion."""

_NOTHING, _SAME = 0.3, 0.9
"""Cosines of unrelated and of equal texts, as embedding models give them."""


class Recall:
    """Searches what an asker may see: by words always, by meaning too where there is an embedding model."""

    def __init__(self, database: Database, embedder: Embedder | None = None) -> None:
        self._db = database
        self._embedder = embedder

    async def search(self, scope: Scope, ask: Ask) -> list[Hit]:
        """The hits, best first. What was said just now is indexed before; an empty scope finds nothing."""
        seen = await self._db.read(lambda s: _places(s, scope, ask))
        if "message" in ask.kinds:
            await flush(self._db, seen.chat_ids, below=ask.before)
        asked = replace(ask, meaning=await self._meaning(ask))
        return await self._db.read(lambda s: find(s, scope, asked))

    async def _meaning(self, ask: Ask) -> Meaning | None:
        """The question's embedding; None without a model, or when it does not answer: words must do then."""
        if self._embedder is None or not ask.query.strip():
            return ask.meaning
        try:
            vectors = await self._embedder.embed([ask.query])
        except LLMError as error:
            log.warning("the question was searched by its words alone: %s", error)
            return None
        return Meaning(self._embedder.model, vectors[0]) if vectors else None


def find(session: Session, scope: Scope, ask: Ask) -> list[Hit]:
    """The same within a unit of work, over what is indexed."""
    seen = _places(session, scope, ask)
    if not seen.chat_ids and scope.user_id is None:
        return []
    names = rows.speakers(session, seen.chat_ids) if seen.chat_ids else []
    question = understand(ask.query, ask.now, ask.zone, names)
    lists = [_of_kind(session, scope, ask, seen, question, kind) for kind in ask.kinds]
    lists += _by_meaning(session, scope, ask, seen)
    found = fused([part for part in lists if part])
    return [hit for hit in found if hit.score >= ask.threshold][: ask.limit]


def _places(session: Session, scope: Scope, ask: Ask) -> Places:
    return rows.places(session, scope, ask.chats, cleared=ask.cleared, topic=ask.topic)


def _of_kind(
    session: Session, scope: Scope, ask: Ask, seen: Places, question: Question, kind: Kind
) -> list[Hit]:
    if kind == "message":
        return finding.messages(session, ask, seen, question)
    return items.found(session, scope, ask, seen, question, kind)


def _by_meaning(session: Session, scope: Scope, ask: Ask, seen: Places) -> list[list[Hit]]:
    if ask.meaning is None:
        return []
    lists = []
    for kind in ask.kinds:
        chats = [f"c{chat_id}" for chat_id in seen.chat_ids]
        whose = chats if kind == "message" else items.owners(scope, seen, kind)
        near = index.nearest(
            session, whose, [kind], ask.meaning.vector, 2 * ask.limit, model=ask.meaning.model
        )
        scored = [(id_, rescaled(cosine)) for _, id_, cosine in near if cosine > _NOTHING]
        if kind == "message":
            lists.append(finding.by_ids(session, ask, seen, scored))
        else:
            lists.append(items.views(session, scope, ask, seen, kind, scored))
    return lists


def rescaled(cosine: float) -> float:
    """A cosine as a score from 0 (unrelated) to 1 (the same)."""
    return max(0.0, min(1.0, (cosine - _NOTHING) / (_SAME - _NOTHING)))


def fused(lists: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The lists as one, by reciprocal rank; a hit of several lists keeps the larger score."""
    if len(lists) == 1:
        return list(lists[0])
    worth: dict[str, float] = {}
    best: dict[str, Hit] = {}
    for hits in lists:
        for place, hit in enumerate(hits, start=1):
            worth[hit.key] = worth.get(hit.key, 0.0) + 1 / (RRF + place)
            known = best.get(hit.key)
            best[hit.key] = hit if known is None or hit.score > known.score else known
    return sorted(best.values(), key=lambda hit: (-worth[hit.key], -hit.score, hit.key))
