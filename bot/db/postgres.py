"""PostgreSQL: the same units of work over asyncpg, and LISTEN to hear other replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from bot.db.engine import Database, take_topics

T = TypeVar("T")

CHANNEL = "mnema"
_RETRIED = ("40001", "40P01")  # serialization failure, deadlock


class PostgresDatabase(Database):
    """A server shared by replicas; announcements travel by NOTIFY."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._engine: AsyncEngine | None = None
        self._ear: Any = None

    async def open(self) -> None:
        """Connect, and listen."""
        import asyncpg

        self._engine = create_async_engine(self.url, pool_size=10, max_overflow=10, pool_pre_ping=True)
        dsn = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._ear = await asyncpg.connect(dsn)
        await self._ear.add_listener(CHANNEL, self._heard)

    def _heard(self, _connection: object, _pid: int, _channel: str, topic: str) -> None:
        self._tell({topic})

    async def close(self) -> None:
        """Disconnect."""
        if self._ear is not None:
            await self._ear.close()
            self._ear = None
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run the unit on one snapshot."""
        async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await session.run_sync(unit)

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Run the unit and commit; a deadlock is tried again, since the unit left nothing behind."""
        return await asyncio.shield(self._write(unit))

    async def _write(self, unit: Callable[[Session], T]) -> T:
        for attempt in range(5):
            try:
                async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                    result = await session.run_sync(unit)
                    for topic in take_topics(session.sync_session):
                        await session.execute(text("SELECT pg_notify(:c, :t)"), {"c": CHANNEL, "t": topic})
                return result
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRIED or attempt == 4:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")
