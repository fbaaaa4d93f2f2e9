"""The last ids that a database has given: they go along with its rows, so that none is given twice."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from bot.db.models import Base


def last(connection: Connection) -> dict[str, int]:
    """The last id given by each table that never gives one twice; on PostgreSQL by every table."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        return {name: seq for name, seq in rows if name in Base.metadata.tables}
    return {table: _given(connection, table, column) for table, column in _numbered().items()}


def put_last(connection: Connection, given: Mapping[str, int]) -> None:
    """Let ids go on behind the last ones given, and behind every id that is there."""
    for table, column in _numbered().items():
        there = connection.scalar(text(f"SELECT max({column}) FROM {table}")) or 0
        _put(connection, table, column, max(given.get(table, 0), there))


def skip(connection: Connection, count: int) -> None:
    """Leave out so many ids of an SQLite file, in each table that never gives one twice."""
    given = last(connection)
    put_last(connection, {table: given.get(table, 0) + count for table in _numbered()})


def _numbered() -> dict[str, str]:
    """The tables that give ids by themselves, with the column."""
    found = {table.name: table.autoincrement_column for table in Base.metadata.sorted_tables}
    return {name: column.name for name, column in found.items() if column is not None}


def _given(connection: Connection, table: str, column: str) -> int:
    name = connection.scalar(text(f"SELECT pg_get_serial_sequence('{table}', '{column}')"))
    return int(
        connection.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")) or 0
    )


def _put(connection: Connection, table: str, column: str, seq: int) -> None:
    if connection.dialect.name != "sqlite":
        name = f"pg_get_serial_sequence('{table}', '{column}')"
        connection.execute(text(f"SELECT setval({name}, {max(seq, 1)}, {str(seq > 0).lower()})"))
    elif Base.metadata.tables[table].dialect_options["sqlite"]["autoincrement"]:
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, seq))
