"""The playground's own file: records as JSON documents, and the bytes of sent files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiosqlite

Json = dict[str, Any]
Key = tuple[str, str]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


class Store:
    """Documents by (kind, key), blobs by name, in one SQLite file; `:memory:` lives as long as it is open."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._connection: aiosqlite.Connection | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Open or create the file."""
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = await aiosqlite.connect(self.path)
        # WAL with NORMAL survives a killed process; a power cut may cost the last moment of play.
        await connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000;" + _SCHEMA
        )
        self._connection = connection

    async def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        async with self._turn:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None

    @property
    def _db(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise RuntimeError("the playground's store is not open")
        return self._connection

    async def load(self, kind: str) -> list[Json]:
        """All documents of a kind, ordered by key."""
        rows = await self._db.execute_fetchall(
            "SELECT body FROM documents WHERE kind = ? ORDER BY key", (kind,)
        )
        return [json.loads(row[0]) for row in rows]

    async def save(self, changes: Mapping[Key, Json | None]) -> None:
        """Write the documents in one transaction; None deletes one."""
        puts = [(*key, json.dumps(body)) for key, body in changes.items() if body is not None]
        drops = [key for key, body in changes.items() if body is None]
        async with self._turn:
            if puts:
                await self._db.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", puts)
            if drops:
                await self._db.executemany("DELETE FROM documents WHERE kind = ? AND key = ?", drops)
            await self._db.commit()

    async def put_blob(self, name: str, body: bytes) -> None:
        """Keep the bytes under a name."""
        async with self._turn:
            await self._db.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (name, body))
            await self._db.commit()

    async def blob(self, name: str) -> bytes | None:
        """The bytes kept under a name, or None."""
        rows = list(await self._db.execute_fetchall("SELECT body FROM blobs WHERE name = ?", (name,)))
        return bytes(rows[0][0]) if rows else None
