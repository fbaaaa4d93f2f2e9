"""Insert-unless-there, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, insert, inspect
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
    postgres, rows = is_postgres(session), _by_column(table, rows)
    if len(rows) == 1:
        return len(session.execute(_insert_one(table, tuple(key), where, postgres), rows[0]).all())
    inserted = 0
    for start in range(0, len(rows), _ROWS):
        statement = _insert(table, tuple(key), where, postgres, rows[start : start + _ROWS])
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


def _insert(
    table: type[Base],
    key: tuple[str, ...],
    where: ColumnElement[bool] | None,
    postgres: bool,
    rows: Sequence[dict[str, Any]] = (),
) -> Executable:
    columns = _bare(table)
    made = postgres_insert(columns) if postgres else sqlite_insert(columns)
    if rows:
        made = made.values(list(rows))
    kept = made.on_conflict_do_nothing(index_elements=key, index_where=where)
    return kept.returning(columns.c[key[0]])


_insert_one = lru_cache(maxsize=256)(_insert)
"""The usual case: a statement that is put together and compiled once."""


def _bare(table: type[Base]) -> Table:
    """The table itself, not the mapped class: what the ORM would add costs more than the statement."""
    assert isinstance(table.__table__, Table)
    return table.__table__


def _by_column(table: type[Base], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by the keys of columns, which some attributes do not share."""
    names = _columns(table)
    if all(names[attribute] == attribute for row in rows[:1] for attribute in row):
        return list(rows)
    return [{names[attribute]: value for attribute, value in row.items()} for row in rows]


@cache
def _columns(table: type[Base]) -> dict[str, str]:
    return {name: column.key for name, column in inspect(table).columns.items()}


def is_postgres(session: Session) -> bool:
    """Whether the session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"
