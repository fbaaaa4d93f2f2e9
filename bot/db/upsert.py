"""Insert-unless-there, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bot.db.models import Base

_ROWS = 500
"""Rows of one statement; both drivers allow some 32,000 parameters."""


def insert_new(
    session: Session,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    key: Sequence[str],
    where: ColumnElement[bool] | None = None,
) -> int:
    """Insert the rows whose key columns are new, leave the others; returns how many were inserted.

    `where` is the condition of a partial unique index.
    """
    insert = postgres_insert if is_postgres(session) else sqlite_insert
    first_key = getattr(table, key[0])
    inserted = 0
    for start in range(0, len(rows), _ROWS):
        statement = (
            insert(table)
            .values(list(rows[start : start + _ROWS]))
            .on_conflict_do_nothing(index_elements=key, index_where=where)
            .returning(first_key)
        )
        inserted += len(session.execute(statement).all())
    return inserted


def is_postgres(session: Session) -> bool:
    """Whether the session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"
