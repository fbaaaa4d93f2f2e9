"""What is put into the index and taken out of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlalchemy.orm import Session

from bot.db.clean import storable
from bot.db.models import Message, SearchItem
from bot.db.search.waiting import await_vector, await_vectors
from bot.db.upsert import insert_new

MOST_REPEATS = 3
"""How often a term counts at most within one message or item."""

MOST_TERMS = 5_000
"""Terms of one text that are indexed; PostgreSQL takes a megabyte of them."""

_BATCH = 500
_TERM = re.compile(r"(?:[a-z0-9@+#.:^_]|[^\x00-\x7f])+")


def is_term(text: str) -> bool:
    """Whether the index could hold this as one term."""
    return _TERM.fullmatch(text) is not None


def packed(terms: Iterable[str]) -> str:
    """Terms as they are stored: each once, and a mark like "word^2" where one stands repeatedly.

    The index keeps no positions and no counts, which halves it; the marks tell how often a term stands.
    """
    counts = Counter(islice(filter(is_term, terms), MOST_TERMS))
    marks = [f"{t}^{n}" for t, count in counts.items() for n in range(2, min(count, MOST_REPEATS) + 1)]
    return storable(" ".join([*counts, *marks]))


def index_messages(session: Session, messages: Iterable[tuple[int, str]]) -> None:
    """Index messages of the database by their `packed` terms; "" notes that one is not to be found at all."""
    connection = session.connection()  # past the ORM, whose bulk update by primary key takes twice the time
    statement = update(Message).where(Message.id == bindparam("of")).values(search_text=bindparam("terms"))
    rows: list[dict[str, Any]] = [{"of": message_id, "terms": terms} for message_id, terms in messages]
    if rows:
        connection.execute(statement, rows)
        await_vectors(session, [row["of"] for row in rows if row["terms"]])


def remove_messages(session: Session, ids: Iterable[int]) -> None:
    """Take messages out of the index for good; deleting the rows does the same by itself."""
    for part in _parts(ids):
        session.execute(
            update(Message)
            .where(Message.id.in_(part), Message.search_text != "")
            .values(search_text="")
            .execution_options(synchronize_session=False)
        )


def put_item(session: Session, kind: str, item_id: int, owner: str, text_terms: Iterable[str]) -> None:
    """Index a fact, summary or chunk under its owner, or replace what is indexed of it."""
    terms = packed(text_terms)
    row = {"kind": kind, "item_id": item_id, "owner": owner, "terms": terms}
    if not insert_new(session, SearchItem, [row], ["kind", "item_id"]):
        session.execute(
            update(SearchItem)
            .where(SearchItem.kind == kind, SearchItem.item_id == item_id)
            .values(owner=owner, terms=terms)
            .execution_options(synchronize_session=False)
        )
    await_vector(session, kind, item_id, owner)


def remove_item(session: Session, kind: str, item_id: int) -> None:
    """Take an item out of the index, and its vector with it."""
    session.execute(
        delete(SearchItem)
        .where(SearchItem.kind == kind, SearchItem.item_id == item_id)
        .execution_options(synchronize_session=False)
    )


def move_owner(session: Session, old: str, new: str) -> None:
    """Give everything of one owner to another: a group that became a supergroup."""
    session.execute(
        update(SearchItem)
        .where(SearchItem.owner == old)
        .values(owner=new)
        .execution_options(synchronize_session=False)
    )


def _parts(ids: Iterable[int]) -> Iterable[Sequence[int]]:
    todo = list(ids)
    return (todo[at : at + _BATCH] for at in range(0, len(todo), _BATCH))
