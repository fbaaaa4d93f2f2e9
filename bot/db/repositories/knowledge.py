"""Documents and their passages: whose they are, who may see them, what goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, false, func, insert, select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.clean import storable, storable_or_none
from bot.db.models import Chat, Chunk, Document, SearchItem, User
from bot.db.repositories import ledger

CHUNK = "chunk"
"""The kind of passages in the search index and among the vectors."""

_ROWS = 500


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose documents: a person's (`users.id`) or a group's (`chats.id`); nobody's when both are None."""

    user_id: int | None = None
    chat_id: int | None = None

    @property
    def key(self) -> str | None:
        """The owner's name in the search index; None for nobody."""
        if self.chat_id is not None:
            return f"c{self.chat_id}"
        return f"u{self.user_id}" if self.user_id is not None else None


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to be stored; `terms` as the index stores them (see `bot.db.search.packed`)."""

    text: str
    page: int | None
    heading: str | None
    token_count: int
    terms: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that was read."""

    title: str
    mime: str
    size: int
    digest: str
    passages: Sequence[NewPassage]
    message_id: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChunkView:
    """A passage as an answer cites it."""

    id: int
    document_id: int
    title: str
    page: int | None
    heading: str | None
    text: str
    token_count: int
    added_at: datetime

    @property
    def citation(self) -> str:
        """Title and page in brackets, as answers name their source: "[House rules, p. 3]"."""
        return f"[{self.title}, p. {self.page}]" if self.page is not None else f"[{self.title}]"

    @property
    def cited(self) -> str:
        """The passage behind its citation and its heading, as a model is shown it."""
        heading = f" {self.heading}:" if self.heading and self.heading != self.text else ""
        return f"{self.citation}{heading} {self.text}"


def owner_in(scope: Scope) -> Owner:
    """Whose documents serve in a scope: the asker's own in private, in a group that group's."""
    return Owner(user_id=scope.user_id) if scope.private else Owner(chat_id=scope.chat_id)


def visible(scope: Scope) -> ColumnElement[bool]:
    """Documents that may be used in this scope; none in an empty one."""
    return _of(owner_in(scope))


def _of(owner: Owner) -> ColumnElement[bool]:
    if owner.chat_id is not None:
        return Document.chat_id == owner.chat_id
    if owner.user_id is not None:
        return (Document.user_id == owner.user_id) & Document.chat_id.is_(None)
    return false()


def chunk_views(session: Session, scope: Scope, ids: Iterable[int]) -> list[ChunkView]:
    """The passages with these ids that may be seen in the scope, in the order of the ids."""
    return views_of(session, owner_in(scope), ids)


def views_of(session: Session, owner: Owner, ids: Iterable[int]) -> list[ChunkView]:
    """The owner's passages with these ids, in the order of the ids."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, ChunkView] = {}
    for start in range(0, len(wanted), _ROWS):
        some = wanted[start : start + _ROWS]
        query = select(Chunk, Document.title, Document.created_at).join(
            Document, Document.id == Chunk.document_id
        )
        rows = session.execute(query.where(Chunk.id.in_(some), _of(owner), Document.status == "ready"))
        found |= {chunk.id: _view(chunk, title, added_at) for chunk, title, added_at in rows}
    return [found[chunk_id] for chunk_id in wanted if chunk_id in found]


def passages_of(session: Session, document: Document) -> list[ChunkView]:
    """A document's passages in their order."""
    rows = session.scalars(select(Chunk).where(Chunk.document_id == document.id).order_by(Chunk.position))
    return [_view(chunk, document.title, document.created_at) for chunk in rows]


def _view(chunk: Chunk, title: str, added_at: datetime) -> ChunkView:
    return ChunkView(
        chunk.id, chunk.document_id, title, chunk.page, chunk.heading, chunk.text, chunk.token_count, added_at
    )


def lock(session: Session, owner: Owner) -> None:
    """Let one document of an owner be added at a time: so the same file is stored once."""
    if owner.chat_id is not None:
        session.execute(select(Chat.id).where(Chat.id == owner.chat_id).with_for_update(key_share=True))
    else:
        session.execute(select(User.id).where(User.id == owner.user_id).with_for_update(key_share=True))


def count(session: Session, owner: Owner) -> int:
    """How many documents an owner has."""
    return session.scalar(select(func.count()).select_from(Document).where(_of(owner))) or 0


def page(session: Session, owner: Owner, offset: int, size: int) -> list[Document]:
    """An owner's documents, newest first."""
    query = select(Document).where(_of(owner)).order_by(Document.id.desc()).offset(offset).limit(size)
    return list(session.scalars(query))


def before(session: Session, owner: Owner, document_id: int | None, size: int) -> list[Document]:
    """An owner's documents older than one of them (None: from the newest on), newest first."""
    older = Document.id < document_id if document_id is not None else Document.id.is_not(None)
    query = select(Document).where(_of(owner), older).order_by(Document.id.desc()).limit(size)
    return list(session.scalars(query))


def owned(session: Session, owner: Owner, document_id: int) -> Document | None:
    """A document by its id, if it is the owner's."""
    return session.scalar(select(Document).where(Document.id == document_id, _of(owner)))


def same(session: Session, owner: Owner, digest: str) -> Document | None:
    """The owner's document with the same content."""
    return session.scalar(select(Document).where(Document.digest == digest, _of(owner)).limit(1))


def of_file(session: Session, owner: Owner, unique_id: str) -> Document | None:
    """The owner's document that was made of a platform's file; files of unknown identity match nothing."""
    rows = session.scalars(select(Document).where(_of(owner), Document.message_id.is_not(None)))
    return next((row for row in rows if unique_id and row.meta.get("file") == unique_id), None)


def add(session: Session, owner: Owner, new: NewDocument, now: datetime) -> Document:
    """Store a document with its passages, and put them into the index."""
    key = owner.key
    if key is None:
        raise ValueError("a document of nobody")
    document = Document(
        user_id=owner.user_id if owner.chat_id is None else None,
        chat_id=owner.chat_id,
        message_id=new.message_id,
        title=storable(new.title),
        mime=storable(new.mime),
        size=new.size,
        digest=new.digest,
        status="ready",
        chunk_count=len(new.passages),
        meta=new.meta,
        created_at=now,
        updated_at=now,
    )
    session.add(document)
    session.flush()
    _index(session, key, _store(session, document.id, new.passages), new.passages)
    return document


def _index(session: Session, owner: str, ids: Sequence[int], passages: Sequence[NewPassage]) -> None:
    """All passages at once: one by one they would hold up every other writer."""
    _unindex(session, ids)  # ids that were used before, by documents that went with their owner
    rows = [
        {"kind": CHUNK, "item_id": chunk_id, "owner": owner, "terms": passage.terms}
        for chunk_id, passage in zip(ids, passages, strict=True)
    ]
    for start in range(0, len(rows), _ROWS):
        session.execute(insert(SearchItem), rows[start : start + _ROWS])


def _unindex(session: Session, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), _ROWS):
        some = SearchItem.kind == CHUNK, SearchItem.item_id.in_(ids[start : start + _ROWS])
        session.execute(delete(SearchItem).where(*some).execution_options(synchronize_session=False))


def _store(session: Session, document_id: int, passages: Sequence[NewPassage]) -> list[int]:
    rows = [
        {
            "document_id": document_id, "position": position, "page": passage.page,
            "heading": storable_or_none(passage.heading), "text": storable(passage.text),
            "token_count": passage.token_count,
        }
        for position, passage in enumerate(passages)
    ]  # fmt: skip
    for start in range(0, len(rows), _ROWS):
        session.execute(insert(Chunk), rows[start : start + _ROWS])
    query = select(Chunk.id).where(Chunk.document_id == document_id).order_by(Chunk.position)
    return list(session.scalars(query))


def remove(session: Session, document: Document) -> None:
    """Remove a document with all that was made of it: passages, their index, prompts that held them."""
    ledger.forget_prompts_holding(session, document_ids=[document.id])
    _unindex(session, session.scalars(select(Chunk.id).where(Chunk.document_id == document.id)).all())
    session.execute(delete(Chunk).where(Chunk.document_id == document.id))
    session.delete(document)
    session.flush()
