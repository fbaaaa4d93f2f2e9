"""Insert-unless-there, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, inspect
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
    dialect = postgres_insert if is_postgres(session) else sqlite_insert
    first_key = getattr(table, key[0])
    inserted = 0
    for start in range(0, len(rows), _ROWS):
        statement = (
            dialect(table)
            .values(list(rows[start : start + _ROWS]))
            .on_conflict_do_nothing(index_elements=key, index_where=where)
            .returning(first_key)
        )
        inserted += len(session.execute(statement).all())
    return inserted


def add_many(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows that have the same columns, by one prepared statement.

    Putting a statement together for all of them, or sorting them by which columns are null as the ORM does,
    takes several times as long.
    """
    if rows:
        session.execute(insert(_bare(table)), _by_column(table, rows))


def add_missing(
    session: Session, table: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> None:
    """The same, leaving rows whose key columns are known as they are."""
    if rows:
        dialect = postgres_insert if is_postgres(session) else sqlite_insert
        statement = dialect(_bare(table)).on_conflict_do_nothing(index_elements=key)
        session.execute(statement, _by_column(table, rows))


def _bare(table: type[Base]) -> Table:
    assert isinstance(table.__table__, Table)
    return table.__table__


def _by_column(table: type[Base], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by the names of columns, which some attributes do not share."""
    names = {attribute.key: attribute.columns[0].name for attribute in inspect(table).column_attrs}
    other = {key: name for key, name in names.items() if key != name and key in rows[0]}
    if not other:
        return list(rows)
    return [{other.get(key, key): value for key, value in row.items()} for row in rows]


def is_postgres(session: Session) -> bool:
    """Whether the session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"
