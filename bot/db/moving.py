"""All rows of a PostgreSQL database into an SQLite file, and of such a file into PostgreSQL.

So both databases have one form of backup, and people can move from one to the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.db import sequences
from bot.db.backup import Progress
from bot.db.clean import dump_json
from bot.db.migrate import upgrade
from bot.db.models import Base

_ROWS = 500
"""Rows that are held in memory at a time."""

_LOOKS = 20
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class InUse(Exception):
    """Somebody else is connected to the database that is to be replaced."""


def file_url(path: Path) -> str:
    """The URL of an SQLite file, whatever its name holds."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def dump(url: str, draft: Path, progress: Progress | None = None) -> bool:
    """Write one snapshot of a PostgreSQL database of the present schema into an empty SQLite file.

    Returns whether somebody else was connected meanwhile. Blocks, on an event loop of its own. Raises OSError
    and DBAPIError.
    """
    upgrade(file_url(draft))
    return asyncio.run(_dump(url, draft, progress))


def load(source: Path, url: str, progress: Progress | None = None) -> None:
    """Put the rows of an SQLite file in the place of all that a PostgreSQL database holds, or change nothing.

    Both must have the present schema. Blocks, on an event loop of its own. Raises InUse, OSError and
    DBAPIError.
    """
    asyncio.run(_load(source, url, progress))


def counts(url: str, tables: Sequence[str]) -> dict[str, int]:
    """How many rows tables of a PostgreSQL database hold. Blocks. Raises OSError and DBAPIError."""
    return asyncio.run(_counts(url, tables))


async def _dump(url: str, draft: Path, progress: Progress | None) -> bool:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    try:
        async with engine.connect() as source:
            await source.execution_options(postgresql_readonly=True)
            others = bool(await source.scalar(text(_OTHERS)))
            await source.run_sync(_into_file, draft, progress)
            return others
    finally:
        await engine.dispose()


async def _load(source: Path, url: str, progress: Progress | None) -> None:
    engine = create_async_engine(url, poolclass=NullPool, json_serializer=dump_json)
    try:
        async with engine.begin() as target:
            await _alone(target)
            await target.run_sync(_from_file, source, progress)
    finally:
        await engine.dispose()


async def _alone(connection: AsyncConnection) -> None:
    for _ in range(_LOOKS):
        if not await connection.scalar(text(_OTHERS)):
            return
        # The server takes a moment to forget whoever left; the list is read anew in each transaction only.
        await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        await asyncio.sleep(0.1)
    raise InUse


async def _counts(url: str, tables: Sequence[str]) -> dict[str, int]:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return {
                table: int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
                for table in tables
            }
    finally:
        await engine.dispose()


def _into_file(source: Connection, draft: Path, progress: Progress | None) -> None:
    engine = create_engine(file_url(draft), poolclass=NullPool, json_serializer=dump_json)
    try:
        with engine.connect() as target:
            # A draft that is lost is made again; it is flushed once it is whole.
            target.exec_driver_sql("PRAGMA synchronous=OFF")
            target.commit()
            _copy_rows(source, target, progress)
            sequences.put_last(target, sequences.last(source))
            target.commit()
    finally:
        engine.dispose()


def _from_file(target: Connection, path: Path, progress: Progress | None) -> None:
    engine = create_engine(file_url(path), poolclass=NullPool)
    try:
        with engine.connect() as source:
            target.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)} CASCADE"))
            _copy_rows(source, target, progress)
            sequences.put_last(target, sequences.last(source))
    finally:
        engine.dispose()


def _copy_rows(source: Connection, target: Connection, progress: Progress | None) -> None:
    """Every table in the order of its references; the full-text index follows by its triggers."""
    tables = Base.metadata.sorted_tables
    total = sum(source.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    done = 0
    for table in tables:
        rows = source.execute(select(table), execution_options={"yield_per": _ROWS})
        for part in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in part])
            done += len(part)
            if progress is not None:
                progress(done, total)
