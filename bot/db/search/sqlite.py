"""Posting lists out of FTS5."""

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
    match = _any(tokens) if not beside else f"({_any(tokens)}) AND ({_any(beside)})"
    values: dict[str, Any] = {"match": match}
    values |= {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    if limit is not None:
        values["limit"] = limit
    found = session.scalar(_select(low is not None, high is not None, limit is not None), values)
    return sorted(map(int, found.split(","))) if found else []


def count_messages(session: Session, tokens: Sequence[str], most: int | None) -> int:
    """How many messages hold one of the tokens, at most `most`."""
    statement = _COUNT if most is None else _COUNT_TO
    return session.scalar(statement, {"match": _any(tokens), "most": most}) or 0


def item_ids(session: Session, tokens: Sequence[str], kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Items of these kinds that hold one of the tokens."""
    rows = session.execute(_ITEMS, {"match": _any(tokens), "kinds": list(kinds)})
    return [(kind, item_id) for kind, item_id in rows]


@cache
def _select(low: bool, high: bool, limit: bool) -> TextClause:
    """All ids in one row: a row for each would cost several times as much on its way up."""
    statement = "SELECT rowid FROM fts_messages WHERE fts_messages MATCH :match"
    statement += " AND rowid >= :low" * low + " AND rowid <= :high" * high
    statement += " ORDER BY rowid DESC LIMIT :limit" * limit
    return text(f"SELECT group_concat(rowid) FROM ({statement})")


_COUNT = text("SELECT count(*) FROM fts_messages WHERE fts_messages MATCH :match")
_COUNT_TO = text(
    "SELECT count(*) FROM (SELECT 1 FROM fts_messages WHERE fts_messages MATCH :match LIMIT :most)"
)
_ITEMS = text(
    "SELECT i.kind, i.item_id FROM fts_items f CROSS JOIN search_items i ON i.id = f.rowid "
    "WHERE f.fts_items MATCH :match AND i.kind IN :kinds ORDER BY f.rowid"
).bindparams(bindparam("kinds", expanding=True))


def _any(tokens: Sequence[str]) -> str:
    return " OR ".join('"' + token.replace('"', '""') + '"' for token in tokens)
