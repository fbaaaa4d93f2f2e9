"""Posting lists out of tsvectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session


def message_ids(
    session: Session,
    tokens: Sequence[str],
    beside: Sequence[str],
    *,
    limit: int | None,
    low: int | None,
    high: int | None,
) -> list[int]:
    """Ids of messages that hold one of the tokens (and one of `beside`), ascending; the newest `limit`."""
    match = _any(tokens) if not beside else f"({_any(tokens)}) & ({_any(beside)})"
    values: dict[str, Any] = {"match": match}
    values |= {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    if limit is not None:
        values["limit"] = limit
    return sorted(session.scalar(_select(low is not None, high is not None, limit is not None), values) or ())


def count_messages(session: Session, tokens: Sequence[str], most: int | None) -> int:
    """How many messages hold one of the tokens, at most `most`."""
    if most is None:
        return session.scalar(_COUNT, {"match": _any(tokens)}) or 0
    return session.scalar(_COUNT_TO, {"match": _any(tokens), "most": most}) or 0


def item_ids(session: Session, tokens: Sequence[str], kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Items of these kinds that hold one of the tokens."""
    rows = session.execute(_ITEMS, {"match": _any(tokens), "kinds": list(kinds)})
    return [(kind, item_id) for kind, item_id in rows]


@cache
def _select(low: bool, high: bool, limit: bool) -> TextClause:
    """All ids in one row: a row for each would cost several times as much on its way up."""
    statement = "SELECT id FROM fts_messages WHERE body @@ CAST(:match AS tsquery)"
    statement += " AND id >= :low" * low + " AND id <= :high" * high
    statement += " ORDER BY id DESC LIMIT :limit" * limit
    return text(f"SELECT array_agg(id) FROM ({statement}) AS found")


_COUNT = text("SELECT count(*) FROM fts_messages WHERE body @@ CAST(:match AS tsquery)")
_COUNT_TO = text(
    "SELECT count(*) FROM "
    "(SELECT 1 FROM fts_messages WHERE body @@ CAST(:match AS tsquery) LIMIT :most) AS counted"
)
_ITEMS = text(
    "SELECT i.kind, i.item_id FROM fts_items f JOIN search_items i ON i.id = f.id "
    "WHERE f.body @@ CAST(:match AS tsquery) AND i.kind IN :kinds ORDER BY f.id"
).bindparams(bindparam("kinds", expanding=True))


def _any(tokens: Sequence[str]) -> str:
    return " | ".join("'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in tokens)
