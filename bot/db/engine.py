"""The database as the house sees it: one unit of work per hop, on SQLite or PostgreSQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy.orm import Session

Unit = Callable[[Session], object]
"""A unit of work: a sync function of a session. It must not wait for anything but the database."""

T = TypeVar("T")

_TOPICS = "mnema.topics"


def announce(session: Session, topic: str) -> None:
    """Tell the listeners of `topic`, after this unit of work is committed, that something is there."""
    topics: set[str] = session.info.setdefault(_TOPICS, set())
    topics.add(topic)


def take_topics(session: Session) -> set[str]:
    """The topics announced since the last call."""
    topics: set[str] = session.info.pop(_TOPICS, set())
    return topics


class Database(ABC):
    """Runs units of work. A unit either commits as a whole or leaves nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def listen(self, topic: str, callback: Callable[[], None]) -> None:
        """Call `callback` on the event loop after each commit that announced `topic`."""
        self._listeners.setdefault(topic, []).append(callback)

    def _tell(self, topics: set[str]) -> None:
        for topic in topics:
            for callback in self._listeners.get(topic, ()):
                callback()

    @abstractmethod
    async def open(self) -> None:
        """Connect; the schema must be there already."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was submitted and disconnect."""

    @abstractmethod
    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run a unit that only reads, on one consistent snapshot; the database refuses its writes."""

    @abstractmethod
    async def write(self, unit: Callable[[Session], T]) -> T:
        """Run a unit and return its result once it is durably committed.

        A unit may run more than once (a deadlock, a failed group), so it must have no effect but its rows.
        What it reads to change it must lock (`with_for_update`, which SQLite does not need), or change by
        an atomic UPDATE: on PostgreSQL units run side by side. A cancelled caller does not take it back.
        """


def make_database(url: str) -> Database:
    """The database behind a URL: `sqlite:///…` or `postgresql+asyncpg://…`."""
    if url.startswith("sqlite"):
        from bot.db.sqlite import SqliteDatabase

        return SqliteDatabase(url)
    from bot.db.postgres import PostgresDatabase

    return PostgresDatabase(url)


Pending = tuple[Unit, Future[Any]]
