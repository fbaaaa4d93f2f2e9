"""SQLite: one writer thread with group commit, two readers, every setting that was measured to matter."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import SingletonThreadPool

from bot.db.clean import dump_json
from bot.db.engine import Database, Pending, Unit, take_topics

T = TypeVar("T")

GROUP = 64
"""Units that may share one commit; bounds how long the first of them waits for the last."""

READERS = 2

_PRAGMAS = (
    "busy_timeout=30000",  # first: the others may have to wait already
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
)


def sqlite_engine(url: str, *, writer: bool) -> Engine:
    """An engine whose writers take the lock at BEGIN, so that no read-then-write can lose an update.

    The connections of a reader refuse to write.
    """
    engine = create_engine(
        url,
        poolclass=SingletonThreadPool,
        connect_args={"check_same_thread": False},
        json_serializer=dump_json,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS if writer else (*_PRAGMAS, "query_only=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


class _Lost(Exception):
    """SQLite ended the group's transaction by itself (disk full, I/O error)."""


class SqliteDatabase(Database):
    """A file; units of work are committed in groups by one thread."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._writes: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None
        self._taking = False

    @property
    def path(self) -> Path:
        """The database file."""
        return Path(make_url(self.url).database or "")

    async def open(self) -> None:
        """Start the writer and the readers."""
        self._loop = asyncio.get_running_loop()
        self._write_engine = sqlite_engine(self.url, writer=True)
        self._read_engine = sqlite_engine(self.url, writer=False)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-read")
        self._thread = threading.Thread(target=self._write_loop, name="sqlite-write", daemon=True)
        self._thread.start()
        self._taking = True

    async def close(self) -> None:
        """Commit what waits, then close every connection."""
        if self._thread is None or self._readers is None:
            return
        if self._taking:
            self._taking = False
            self._writes.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        for engine in (self._write_engine, self._read_engine):
            if engine is not None:
                engine.dispose()
        self._thread = None

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run the unit in a reader thread, on one snapshot."""
        if not self._taking or self._readers is None or self._loop is None:
            raise RuntimeError("the database is not open")
        return await self._loop.run_in_executor(self._readers, self._read, unit)

    def _read(self, unit: Callable[[Session], T]) -> T:
        with Session(self._read_engine, expire_on_commit=False, autoflush=False) as session:
            return unit(session)

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Hand the unit to the writer; the result comes once its group is on the disk."""
        if not self._taking:
            raise RuntimeError("the database is not open")
        done: Future[Any] = Future()
        self._writes.put((unit, done))
        # A cancelled caller must not take back a unit that the writer may be running.
        return cast("T", await asyncio.shield(asyncio.wrap_future(done)))

    def _write_loop(self) -> None:
        running = True
        while running:
            group: list[Pending] = []
            item = self._writes.get()
            while item is not None:
                group.append(item)
                if len(group) == GROUP or self._writes.empty():
                    break
                item = self._writes.get()
            running = item is not None
            if group:
                self._commit(group)

    def _commit(self, group: list[Pending]) -> None:
        outcomes: list[tuple[object, BaseException | None]] = []
        topics: set[str] = set()
        begun = False
        try:
            with Session(self._write_engine, expire_on_commit=False) as session:
                raw = session.connection().connection.dbapi_connection
                begun = True
                for unit, _ in group:
                    outcomes.append(self._run(session, unit, topics, alone=len(group) == 1))
                    if not cast("sqlite3.Connection", raw).in_transaction:
                        raise _Lost from outcomes[-1][1]
                session.commit()
        except Exception as failure:  # noqa: BLE001 - its callers get it
            if begun and len(group) > 1:
                # Nothing of the group was kept. One after the other, only the guilty unit fails.
                for pending in group:
                    self._commit([pending])
                return
            cause = failure.__cause__ if isinstance(failure, _Lost) else failure
            outcomes, topics = [(None, cause or failure)] * len(group), set()
        for (_, done), (result, error) in zip(group, outcomes, strict=True):
            _settle(done, result, error)
        self._announce(topics)

    def _announce(self, topics: set[str]) -> None:
        if topics and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody listens any more
                self._loop.call_soon_threadsafe(self._tell, topics)

    @staticmethod
    def _run(
        session: Session, unit: Unit, topics: set[str], *, alone: bool
    ) -> tuple[object, BaseException | None]:
        # A savepoint keeps a unit's failure from its neighbours; it costs as much as the unit itself.
        shared = nullcontext() if alone else session.begin_nested()
        try:
            with shared:
                result = unit(session)
                session.flush()
        except BaseException as error:  # noqa: BLE001 - its caller gets it, and the writer must live on
            if alone:
                session.rollback()
            take_topics(session)
            session.expunge_all()
            return None, error
        topics |= take_topics(session)
        session.expunge_all()
        return result, None


def _settle(done: Future[Any], result: object, error: BaseException | None) -> None:
    if not done.set_running_or_notify_cancel():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
