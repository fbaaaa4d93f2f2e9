"""Makes the search index in a database, and takes it away.

A migration that rebuilds a table named in a trigger (SQLite's batch mode does) drops the triggers first and
makes them again behind it: rebuilding loses them without a word.
"""

from __future__ import annotations

from sqlalchemy import Connection

from bot.db.search import ddl_postgres, ddl_sqlite


def create_index(connection: Connection) -> None:
    """Make the full-text tables and their triggers."""
    tables = ddl_sqlite.tables() if _is_sqlite(connection) else ddl_postgres.tables()
    for statement in tables:
        connection.exec_driver_sql(statement)
    create_triggers(connection)


def drop_index(connection: Connection) -> None:
    """Take the full-text tables away; what is stored in the rows stays."""
    drop_triggers(connection)
    for table in ddl_sqlite.TABLES:
        connection.exec_driver_sql(f"DROP TABLE {table}")


def create_triggers(connection: Connection) -> None:
    """Make the triggers."""
    if _is_sqlite(connection):
        for statement in ddl_sqlite.triggers().values():
            connection.exec_driver_sql(statement)
        return
    for name, (when, body) in ddl_postgres.triggers().items():
        declared = "DECLARE prefix text;" if "prefix FROM" in body else ""
        connection.exec_driver_sql(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {declared} BEGIN {body} END $$"
        )
        each = "" if "FOR EACH ROW" in when else "FOR EACH ROW"
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} {each} EXECUTE FUNCTION {name}()")


def drop_triggers(connection: Connection) -> None:
    """Drop the triggers, so that the tables can be rebuilt."""
    if _is_sqlite(connection):
        for name in ddl_sqlite.triggers():
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        return
    for name in ddl_postgres.triggers():
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}() CASCADE")


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
