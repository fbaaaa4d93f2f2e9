"""Alembic's environment: the models of the house, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection, create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine

from bot.db.models import Base, UtcDateTime

SEARCH_PREFIX = "fts_"
"""Full-text tables and their shadows are made by hand in migrations; autogenerate must not see them."""


MIGRATION_LOCK = 6_306_170_013
"""Any number that nobody else takes as an advisory lock of this database."""


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether autogenerate compares a thing of that name."""
    return not (kind == "table" and name is not None and name.startswith(SEARCH_PREFIX))


def render_item(kind: str, thing: Any, _context: Any) -> str | bool:
    """Our own column types stand in migrations as plain SQLAlchemy: a migration outlives the models."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    if connection.dialect.name == "sqlite":
        # A batch recreate of a parent table would cascade into its children.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    else:
        # Replicas that start together migrate one after another; the lock ends with the connection.
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=include_name,
        render_item=render_item,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_async(url: str) -> None:
    """The same over an async driver."""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


def main() -> None:
    """Migrate the database of the configuration."""
    url: str = context.config.attributes["url"]
    if url.startswith("sqlite"):
        engine = create_engine(url, poolclass=pool.NullPool)
        with engine.connect() as connection:
            migrate(connection)
            connection.commit()
        engine.dispose()
    else:
        asyncio.run(migrate_async(url))


main()
