"""Making the vectors that texts wait for, in the background."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import LLMError
from bot.core.jobs import ClaimedJob, NewJob
from bot.core.ports import Clock, Embedder
from bot.db.engine import Database
from bot.db.search.vectors import fill_vector
from bot.db.search.waiting import (
    Unembedded,
    aim_at,
    any_waiting,
    await_anew,
    await_items,
    await_messages,
    unembedded,
)
from bot.llm.embeddings import BATCH, is_hopeless

log = logging.getLogger(__name__)

EMBED, FILL = "search.embed", "search.embed_all"
_LANE = "search.embed"
_PAGE = 2000


class Embeddings:
    """Embeds what waits, in batches; a model that does not answer is asked again at the next tick."""

    def __init__(self, database: Database, clock: Clock, embedder: Embedder) -> None:
        self._db = database
        self._clock = clock
        self._embedder = embedder

    async def embed_waiting(self, _job: ClaimedJob | None = None) -> int:
        """Embed all that waits; returns how many vectors were made."""
        made = 0
        while batch := await self._db.read(lambda s: unembedded(s, BATCH, self._clock.now())):
            try:
                done = await self._embed(batch)
            except LLMError as error:
                log.warning("texts wait for their vectors: %s", error)
                break
            made += done
        return made

    async def fill(self, _job: ClaimedJob | None = None) -> None:
        """Let everything without a vector of the model wait for one: after the model was set, or set anew."""
        key: tuple[str, int] | None = ("", 0)
        while key is not None:
            key = await self._db.write(lambda s, after=key: await_anew(s, after, _PAGE))  # type: ignore[misc]
        await self._db.write(await_items)
        last: int | None = 0
        while last is not None:
            last = await self._db.write(lambda s, after=last: await_messages(s, after, _PAGE))  # type: ignore[misc]

    async def _embed(self, batch: Sequence[Unembedded]) -> int:
        """Embed a batch; a text that the model refuses does not hold up the others. Raises LLMError."""
        try:
            vectors = await self._embedder.embed([item.text for item in batch])
        except LLMError as error:
            if not is_hopeless(error):
                raise
            if len(batch) > 1:
                return sum([await self._embed([item]) for item in batch])
            log.warning("a %s has no vector: %s", batch[0].kind, error)
            vectors = [[0.0]]
        model = self._embedder.model
        return await self._db.write(lambda s: _store(s, batch, model, vectors))


def _store(
    session: Session, batch: Sequence[Unembedded], model: str, vectors: Sequence[Sequence[float]]
) -> int:
    return sum(
        fill_vector(session, item.kind, item.item_id, model, vector)
        for item, vector in zip(batch, vectors, strict=True)
    )


def due_embeddings(session: Session, model: str | None, now: datetime) -> list[NewJob]:
    """The jobs that are due for the configured model; None where there is none (any more)."""
    moment = now.isoformat(timespec="seconds")
    changed = aim_at(session, model, now)
    if model is None:
        return []
    if changed:
        return [NewJob(FILL, "background", _LANE, dedup_key=f"{FILL}:{moment}"), _embedding(moment)]
    return [_embedding(moment)] if any_waiting(session) else []


def _embedding(moment: str) -> NewJob:
    return NewJob(EMBED, "background", _LANE, dedup_key=f"{EMBED}:{moment}")
