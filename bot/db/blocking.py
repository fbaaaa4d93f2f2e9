"""The same database for plain scripts: units of work without `await`, also while the bot runs."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import inspect, make_url, text
from sqlalchemy.orm import Session

from bot.db.engine import Database, make_database
from bot.db.migrate import upgrade

T = TypeVar("T")


class BlockingDatabase:
    """A `Database` on a loop of its own thread; opened at first use, its schema made if need be.

    Safe to use from any thread. A write is on the disk when it returns, so that a script need not close it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._database: Database | None = None

    def read(self, unit: Callable[[Session], T]) -> T:
        """Run a unit that only reads; see `Database.read`."""
        return self._wait(self._opened().read(unit))

    def write(self, unit: Callable[[Session], T]) -> T:
        """Run a unit and return its result once it is committed; see `Database.write`."""
        return self._wait(self._opened().write(unit))

    def close(self) -> None:
        """Disconnect; the next use opens it again."""
        with self._lock:
            loop, thread, database = self._loop, self._thread, self._database
            self._loop = self._thread = self._database = None
            if loop is not None and thread is not None:
                if database is not None:
                    asyncio.run_coroutine_threadsafe(database.close(), loop).result()
                loop.call_soon_threadsafe(loop.stop)
                thread.join()
                loop.close()

    def _opened(self) -> Database:
        with self._lock:
            if self._database is None:
                self._database = self._open()
            return self._database

    def _open(self) -> Database:
        if self.url.startswith("sqlite"):
            Path(make_url(self.url).database or "").parent.mkdir(parents=True, exist_ok=True)
        database = make_database(self.url)
        self._wait(database.open())
        if self._wait(database.read(_has_schema)):
            return database
        self._wait(database.close())
        upgrade(self.url)
        self._wait(database.open())
        return database

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="database", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _has_schema(session: Session) -> bool:
    """Whether migrations ever ran; bringing an older schema to the present is the bot's own business."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return False
    return bool(session.scalar(text("SELECT count(*) FROM alembic_version")))


_shared: dict[str, BlockingDatabase] = {}
_sharing = threading.Lock()


def blocking_database(url: str) -> BlockingDatabase:
    """The one blocking database of this process for a URL."""
    with _sharing:
        if not _shared:
            atexit.register(_close_shared)
        return _shared.setdefault(url, BlockingDatabase(url))


def _close_shared() -> None:
    for database in _shared.values():
        with suppress(RuntimeError):  # no thread can be had any more: what is left ends with the process
            database.close()
