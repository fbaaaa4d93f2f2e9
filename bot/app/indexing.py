"""The search index in the product: indexing what left the windows, merging, and embedding."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob, NewJob
from bot.core.llm import Completion
from bot.db.repositories import ledger
from bot.db.search import merge_step, segments
from bot.db.search.pending import overdue
from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.llm.embeddings import PURPOSE, OpenAIEmbedder
from bot.llm.wire import OPENAI_URL
from bot.memory.embeddings import EMBED, FILL, Embeddings, due_embeddings
from bot.memory.indexing import IDLE, STEP, index_overdue

if TYPE_CHECKING:
    from bot.app.wiring import App

INDEX, MERGE = "search.index", "search.merge"
_LANE = "search.index"
LOOK_EVERY, MERGE_EVERY, EMBED_EVERY = 60.0, 3600.0, 30.0

FEW_SEGMENTS = 4
"""So many segments of the full text slow nothing down."""

RETRIES = RetryPolicy(attempts=6, patience=600.0, first_pause=2.0, longest_pause=120.0)


def attach_indexing(app: App) -> list[Tick]:
    """Register the jobs of the index; vectors only where an embedding model is set."""
    keep = app.settings.immediate_context_messages

    async def index(_job: ClaimedJob) -> None:
        await index_overdue(app.database, app.clock, keep)

    async def merge(_job: ClaimedJob) -> None:
        more = await app.database.read(segments) > FEW_SEGMENTS
        more = more and await app.database.write(lambda s: merge_step(s, fresh=True))
        while more:
            more = await app.database.write(merge_step)

    def find_unindexed(session: Session, now: datetime) -> list[NewJob]:
        waits = overdue(session, keep, STEP, now - IDLE)
        return [_job(INDEX, now)] if waits else []

    app.jobs.register(INDEX, index, RETRIES)
    app.jobs.register(MERGE, merge, RETRIES)
    ticks = [Tick("index", LOOK_EVERY, find_unindexed), Tick("merge the index", MERGE_EVERY, _find_merge)]
    return ticks + _attach_embedding(app)


def make_embedder(app: App) -> OpenAIEmbedder | None:
    """The configured embedding model; None where there is none. What it is paid stands in the ledger."""
    settings = app.settings
    if settings.embedding_model is None:
        return None

    async def account(completion: Completion) -> None:
        now = app.clock.now()
        await app.database.write(lambda s: ledger.charge(s, completion, PURPOSE, now))

    key = settings.embedding_api_key
    url = str(settings.embedding_base_url or settings.llm_base_url or OPENAI_URL)
    if key is None and _host(url) == _host(str(settings.llm_base_url or OPENAI_URL)):
        key = settings.llm_api_key  # the key of one server is not shown to another
    return OpenAIEmbedder(
        settings.embedding_model,
        app.clock,
        app.tokens,
        base_url=url,
        api_key=key.get_secret_value() if key else None,
        prices=settings.llm_prices,
        spend=app.spend,
        account=account,
    )


def _attach_embedding(app: App) -> list[Tick]:
    embedder = app.embedder
    model = embedder.model if embedder is not None else None
    if embedder is not None:
        embeddings = Embeddings(app.database, app.clock, embedder)

        async def embed(job: ClaimedJob) -> None:
            await embeddings.embed_waiting(job)

        app.jobs.register(EMBED, embed, RETRIES)
        app.jobs.register(FILL, embeddings.fill, RETRIES)
    every = EMBED_EVERY if embedder is not None else MERGE_EVERY
    return [Tick("embed", every, lambda session, now: due_embeddings(session, model, now))]


def _find_merge(_session: Session, now: datetime) -> list[NewJob]:
    """Once a night, in UTC; a day without a run is no loss."""
    return [_job(MERGE, now.replace(hour=0, minute=0))] if now.hour == _MERGE_HOUR else []


_MERGE_HOUR = 3


def _job(kind: str, now: datetime) -> NewJob:
    return NewJob(kind, "background", _LANE, dedup_key=f"{kind}:{now:%Y%m%d%H%M}")


def _host(url: str) -> str:
    return urlsplit(url).netloc
