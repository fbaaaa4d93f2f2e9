"""The knowledge base: documents of a person or a group, kept as passages, found by a question's words."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.ports import Clock, TokenCounter
from bot.core.scope import Scope
from bot.core.text import label
from bot.db.engine import Database
from bot.db.models import Document
from bot.db.repositories import knowledge, talk
from bot.db.repositories.knowledge import ChunkView, NewDocument, NewPassage, Owner
from bot.db.search import packed
from bot.memory import chunking
from bot.memory.hits import Ask, Kind
from bot.memory.lexing import terms
from bot.memory.parsing.blocks import Block, Pile
from bot.memory.parsing.kinds import kind_of
from bot.memory.parsing.refusals import DocumentRefused
from bot.memory.parsing.run import MOST_BYTES, Parser
from bot.memory.recall import Recall
from bot.services.document_owners import Whose

MOST_DOCUMENTS = 200
"""Documents of one owner."""

TITLE_LENGTH = 120

_ZONE = ZoneInfo("UTC")
_CHUNKS: Final[tuple[Kind, ...]] = ("chunk",)


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A document as its owner sees it; `size` in bytes."""

    id: int
    title: str
    mime: str
    size: int
    passages: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page of documents, newest first; `page` counts from 0 and is clamped to what there is."""

    items: tuple[DocumentItem, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Added:
    """A document that is kept now; `known` when the same content was there before."""

    item: DocumentItem
    known: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that fits a question, with its score from 0 to 1."""

    passage: ChunkView
    score: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file came from: the message (in the chat of this id), and what is noted with the document."""

    chat_id: int | None = None
    message: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)


class Knowledge:
    """Adds, lists, shows, deletes and searches documents; every call is limited to one owner."""

    def __init__(
        self, database: Database, clock: Clock, tokens: TokenCounter, parser: Parser, recall: Recall
    ) -> None:
        self._recall = recall
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._parser = parser

    async def add_file(
        self, whose: Whose, name: str | None, mime: str | None, data: bytes, source: Source | None = None
    ) -> Added:
        """Read a file and keep it. Raises DocumentRefused; NotFound when its owner is gone."""
        if len(data) > MOST_BYTES:
            raise DocumentRefused("too_large")
        kind = kind_of(name, mime, data)
        digest, source = hashlib.sha256(data).hexdigest(), source or Source()
        with suppress(NotFound):  # an owner who is new has nothing yet
            if known := await self._db.read(lambda s: _same(s, whose(s, None), digest, source)):
                return known
        blocks = await self._parser.parse(kind, data)
        new = NewDocument(title_of(name), mime or f"application/{kind}", len(data), digest, ())
        return await self._add(whose, new, blocks, source)

    async def add_text(self, whose: Whose, title: str, text: str) -> Added:
        """Keep a text under a title. Raises DocumentRefused, and Invalid without a title."""
        named = label(title, TITLE_LENGTH)
        if not named:
            raise Invalid("a document needs a title", field="title")
        data = text.encode("utf-8", "replace")
        pile = Pile()
        for paragraph in text.replace("\r\n", "\n").split("\n\n"):
            pile.add(paragraph)
        if not any(char.isalnum() for block in pile.blocks for char in block.text):
            raise DocumentRefused("empty")
        new = NewDocument(named, "text/plain", len(data), hashlib.sha256(data).hexdigest(), ())
        return await self._add(whose, new, pile.blocks, Source())

    async def page(self, whose: Whose, page: int, size: int = 5) -> DocumentPage:
        """A page of the owner's documents."""

        def unit(session: Session) -> DocumentPage:
            owner = whose(session, None)
            total = knowledge.count(session, owner)
            pages = max(1, -(-total // size))
            at = min(max(page, 0), pages - 1)
            rows = knowledge.page(session, owner, at * size, size)
            return DocumentPage(tuple(map(_item, rows)), at, pages, total)

        return await self._db.read(unit)

    async def entries(self, whose: Whose, limit: int, before: int | None = None) -> Sequence[DocumentItem]:
        """Up to `limit` documents, newest first, from behind the document with the id `before` on."""
        return await self._db.read(
            lambda s: [_item(row) for row in knowledge.before(s, whose(s, None), before, limit)]
        )

    async def get(self, whose: Whose, document_id: int) -> tuple[DocumentItem, Sequence[ChunkView]]:
        """A document with its passages. Raises NotFound."""

        def unit(session: Session) -> tuple[DocumentItem, Sequence[ChunkView]]:
            row = _owned(session, whose(session, None), document_id)
            return _item(row), knowledge.passages_of(session, row)

        return await self._db.read(unit)

    async def delete(self, whose: Whose, document_id: int) -> DocumentItem:
        """Delete a document and everything that was made of it. Raises NotFound."""

        def unit(session: Session) -> DocumentItem:
            row = _owned(session, whose(session, None), document_id)
            item = _item(row)
            knowledge.remove(session, row)
            return item

        return await self._db.write(unit)

    async def search(
        self, whose: Whose, query: str, limit: int = 10, min_score: float = 0.0
    ) -> Sequence[Found]:
        """The owner's passages that fit best, best first."""
        owner = await self._db.read(lambda s: whose(s, None))
        if owner.key is None:
            return []
        scope = Scope(owner.user_id, owner.chat_id, private=owner.chat_id is None)
        ask = Ask(query, self._clock.now(), _ZONE, limit, kinds=_CHUNKS, threshold=min_score)
        scores = {hit.id: hit.score for hit in await self._recall.search(scope, ask)}
        views = await self._db.read(lambda s: knowledge.views_of(s, owner, scores))
        return [Found(view, scores[view.id]) for view in views]

    async def _add(self, whose: Whose, new: NewDocument, blocks: Sequence[Block], source: Source) -> Added:
        cut = await asyncio.to_thread(self._cut, new.title, blocks)
        now = self._clock.now()

        def unit(session: Session) -> Added:
            owner = whose(session, now)
            if owner.key is None:
                raise NotFound("the document's owner is gone")
            knowledge.lock(session, owner)
            known = _same(session, owner, new.digest, source)
            if known is not None:
                return known
            if knowledge.count(session, owner) >= MOST_DOCUMENTS:
                raise DocumentRefused("full")
            whole = _with_source(session, new, cut, source)
            return Added(_item(knowledge.add(session, owner, whole, now)), known=False)

        return await self._db.write(unit)

    def _cut(self, title: str, blocks: Sequence[Block]) -> list[NewPassage]:
        return [
            NewPassage(
                text=passage.text,
                page=passage.page,
                heading=passage.heading,
                token_count=passage.token_count,
                terms=packed(terms(f"{title}\n{passage.heading or ''}\n{passage.text}")),
            )
            for passage in chunking.passages(blocks, self._tokens)
        ]


def title_of(name: str | None) -> str:
    """A document's title: its file's name, without the ending."""
    stem = PurePath((name or "").replace("\\", "/")).stem.replace("_", " ")
    return label(stem, TITLE_LENGTH) or "Document"


def _same(session: Session, owner: Owner, digest: str, source: Source) -> Added | None:
    """The same content kept before; what an earlier attempt of the same job kept is new all the same."""
    row = knowledge.same(session, owner, digest) if owner.key is not None else None
    if row is None:
        return None
    job = source.meta.get("job")
    return Added(_item(row), known=job is None or row.meta.get("job") != job)


def _with_source(
    session: Session, new: NewDocument, cut: Sequence[NewPassage], source: Source
) -> NewDocument:
    message = None
    if source.chat_id is not None and source.message is not None:
        message = talk.by_external_id(session, source.chat_id, source.message)
    return replace(new, passages=cut, message_id=message.id if message else None, meta=source.meta)


def _owned(session: Session, owner: Owner, document_id: int) -> Document:
    row = knowledge.owned(session, owner, document_id)
    if row is None:
        raise NotFound(f"no document {document_id} of this owner")
    return row


def _item(row: Document) -> DocumentItem:
    return DocumentItem(row.id, row.title, row.mime, row.size, row.chunk_count, row.created_at)
