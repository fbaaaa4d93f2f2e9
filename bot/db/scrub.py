"""Making deletions final: after this no byte of a removed row stands in a SQLite database's files."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from sqlalchemy import make_url

from bot.db.engine import Database
from bot.db.search import merge_all

PATIENCE = 60.0
"""Seconds that it waits for other connections of the file."""


async def scrub(database: Database) -> bool:
    """Merge the full text, rewrite the file and empty the write-ahead log.

    Writers wait meanwhile, about a second for every hundred megabytes. False when some reader held the log
    open, so that it has to be done again; the next call does. On PostgreSQL the server's vacuum does this.
    """
    if not database.url.startswith("sqlite"):
        return True
    await database.write(merge_all)
    return await asyncio.to_thread(_rewrite, make_url(database.url).database or "")


def _rewrite(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON").close()
        connection.execute("VACUUM").close()
        with closing(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as answer:
            (busy, *_) = answer.fetchone()
    return not busy
