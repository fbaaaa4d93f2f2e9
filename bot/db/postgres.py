"""PostgreSQL: the same units of work over asyncpg, and LISTEN to hear other replicas."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from bot.core.nursery import Nursery
from bot.db.clean import dump_json
from bot.db.engine import Database, take_topics

log = logging.getLogger(__name__)

T = TypeVar("T")

CHANNEL = "mnema"
RELISTEN = 1.0
"""Seconds between attempts to hear announcements again after the connection broke."""

_ATTEMPTS = 8
_RETRIED = ("40001", "40P01")  # serialization failure, deadlock


class PostgresDatabase(Database):
    """A server shared by replicas; announcements travel by NOTIFY."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._engine: AsyncEngine | None = None
        self._ear: Any = None
        self._nursery = Nursery()
        self._writing: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Connect, and listen. Raises OSError and DBAPIError."""
        engine = create_async_engine(
            self.url, pool_size=10, max_overflow=10, pool_pre_ping=True, json_serializer=dump_json
        )
        try:
            async with engine.connect():
                pass  # what is wrong with the address or the password is told in SQLAlchemy's words
        except BaseException:
            await engine.dispose()
            raise
        self._engine = engine
        await self._listen(engine)

    async def _listen(self, engine: AsyncEngine) -> None:
        # The dialect's own arguments: a URL's options (ssl, several hosts) mean the same for both.
        _, arguments = engine.dialect.create_connect_args(engine.url)
        ear = await asyncpg.connect(**arguments)
        await ear.add_listener(CHANNEL, self._heard)
        ear.add_termination_listener(self._deaf)
        self._ear = ear

    def _heard(self, _connection: object, _pid: int, _channel: str, topic: str) -> None:
        self._tell({topic})

    def _deaf(self, connection: object) -> None:
        if self._engine is not None and connection is self._ear:
            self._nursery.start(self._relisten(self._engine), "postgres-listen")

    async def _relisten(self, engine: AsyncEngine) -> None:
        log.warning("the connection that hears announcements broke; work is found by polling meanwhile")
        while self._engine is engine:
            try:
                await self._listen(engine)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("cannot listen yet: %r", error)
                await asyncio.sleep(RELISTEN)
            else:
                self._tell(set(self._listeners))  # whatever was announced meanwhile
                return

    async def close(self) -> None:
        """Commit what was submitted, then disconnect."""
        engine, self._engine = self._engine, None
        if engine is None:
            return
        await asyncio.sleep(0)  # a unit submitted just now starts first
        if self._writing:
            await asyncio.wait(set(self._writing))
        await self._nursery.close()
        if self._ear is not None:
            await self._ear.close()
            self._ear = None
        await engine.dispose()

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run the unit on one snapshot."""
        async with AsyncSession(self._opened(), expire_on_commit=False, autoflush=False) as session:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            await session.connection(execution_options=options)
            return await session.run_sync(unit)

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Run the unit and commit; a deadlock is tried again, since the unit left nothing behind."""
        return await asyncio.shield(self._write(self._opened(), unit))

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    async def _write(self, engine: AsyncEngine, unit: Callable[[Session], T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._writing.add(task)
        try:
            return await self._committed(engine, unit)
        finally:
            self._writing.discard(task)

    async def _committed(self, engine: AsyncEngine, unit: Callable[[Session], T]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                    result = await session.run_sync(unit)
                    for topic in sorted(take_topics(session.sync_session)):
                        await session.execute(text("SELECT pg_notify(:c, :t)"), {"c": CHANNEL, "t": topic})
                return result
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRIED or attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)
        raise AssertionError("unreachable")
