"""Which texts wait for their vectors: rows of `vectors` without a model, where an embedding model is set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, literal, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bot.core.ids import SEQ_BITS
from bot.db.models import Chunk, Memory, Message, Meta, SearchItem, Summary, Vector
from bot.db.upsert import insert_new, is_postgres

_KEY = "embedding"
_WAITING: ColumnElement[bool] = Vector.model == literal_column("''")
"""With a literal: a parameter would keep the planners from the partial index."""

_CHAT: ColumnElement[str] = literal_column(
    f"(SELECT 'c' || chat_id FROM conversations WHERE no = messages.id >> {SEQ_BITS})"
)
_TEXTS: dict[str, type[Memory] | type[Summary] | type[Chunk]] = {
    "fact": Memory,
    "summary": Summary,
    "chunk": Chunk,
}


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A text that waits for its vector."""

    kind: str
    item_id: int
    text: str


def aim_at(session: Session, model: str | None, now: datetime) -> bool:
    """Note the configured embedding model; True when it is another than before.

    Without a model nothing waits any more; vectors that were paid for stay.
    """
    row = session.get(Meta, _KEY, with_for_update=True)
    before = row.value["model"] if row is not None else None
    if before == model:
        return False
    if row is not None:
        row.value, row.updated_at = {"model": model}, now
    else:
        session.add(Meta(key=_KEY, value={"model": model}, updated_at=now))
    if model is None:
        session.execute(delete(Vector).where(_WAITING))
    session.flush()
    return True


def await_vector(session: Session, kind: str, item_id: int, owner: str) -> None:
    """Let an item wait for a vector, in place of the one it has."""
    session.execute(delete(Vector).where(Vector.kind == kind, Vector.item_id == item_id))
    if _model(session) is not None:
        row = {"kind": kind, "item_id": item_id, "owner": owner, "model": "", "data": b""}
        insert_new(session, Vector, [row], ["kind", "item_id"])


def await_vectors(session: Session, message_ids: Sequence[int]) -> None:
    """Let messages that have just been indexed wait for their vectors."""
    if message_ids and _model(session) is not None:
        _insert(session, _messages().where(Message.id.in_(message_ids)))


def await_items(session: Session) -> None:
    """Let items without a vector wait for one."""
    if _model(session) is not None:
        known = select(Vector.item_id).where(
            Vector.kind == SearchItem.kind, Vector.item_id == SearchItem.item_id
        )
        items = select(SearchItem.kind, SearchItem.item_id, SearchItem.owner, literal(""), literal(b""))
        _insert(session, items.where(~known.exists()))


def await_messages(session: Session, after: int, most: int) -> int | None:
    """Let indexed messages without a vector wait for one: up to `most` behind an id; gives the last's id."""
    ids = session.scalars(select(Message.id).where(Message.id > after).order_by(Message.id).limit(most)).all()
    if not ids or _model(session) is None:
        return None
    known = select(Vector.item_id).where(Vector.kind == "message", Vector.item_id == Message.id)
    within = Message.id.between(ids[0], ids[-1])
    _insert(session, _messages().where(within, Message.search_text != "", ~known.exists()))
    return ids[-1]


def await_anew(session: Session, after: tuple[str, int], most: int) -> tuple[str, int] | None:
    """Let vectors of another model wait to be made anew: up to `most` behind a key; gives the last's key."""
    key = tuple_(Vector.kind, Vector.item_id)
    rows = session.execute(
        select(Vector.kind, Vector.item_id, Vector.model)
        .where(key > after)
        .order_by(Vector.kind, Vector.item_id)
        .limit(most)
    ).all()
    model = _model(session)
    if not rows or model is None:
        return None
    stale = [(row.kind, row.item_id) for row in rows if row.model not in ("", model)]
    session.execute(update(Vector).where(key.in_(stale)).values(model="", data=b""))
    return rows[-1].kind, rows[-1].item_id


def any_waiting(session: Session) -> bool:
    """Whether any text waits for its vector."""
    return session.scalar(select(Vector.item_id).where(_WAITING).limit(1)) is not None


def unembedded(session: Session, most: int, now: datetime) -> list[Unembedded]:
    """The next texts that wait, those that expired left out."""
    rows = session.execute(
        select(Vector.kind, Vector.item_id).where(_WAITING).order_by(Vector.kind, Vector.item_id).limit(most)
    ).all()
    found: list[Unembedded] = []
    for kind in dict.fromkeys(row.kind for row in rows):
        texts = _texts(session, kind, [row.item_id for row in rows if row.kind == kind], now)
        found += [
            Unembedded(row.kind, row.item_id, texts.get(row.item_id, "")) for row in rows if row.kind == kind
        ]
    return found


def _texts(session: Session, kind: str, ids: Iterable[int], now: datetime) -> dict[int, str]:
    if kind == "message":
        alive = Message.expires_at.is_(None) | (Message.expires_at > now)
        rows = session.execute(select(Message.id, Message.content).where(Message.id.in_(ids), alive))
    else:
        table = _TEXTS[kind]
        rows = session.execute(select(table.id, table.text).where(table.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _messages() -> Select[str, int, str, str, bytes]:
    return select(literal("message"), Message.id, _CHAT, literal(""), literal(b""))


def _insert(session: Session, rows: Select[str, int, str, str, bytes]) -> None:
    columns = ["kind", "item_id", "owner", "model", "data"]
    insert = postgres_insert if is_postgres(session) else sqlite_insert
    # Somebody else may have let some of them wait at this moment.
    session.execute(insert(Vector).from_select(columns, rows).on_conflict_do_nothing())


def _model(session: Session) -> str | None:
    row = session.get(Meta, _KEY)
    return row.value["model"] if row is not None else None
