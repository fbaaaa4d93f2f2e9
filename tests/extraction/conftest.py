"""The shared fixtures of tests that work on a real database, and a reader of talk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from tests.extraction.room import Room, opened_room
from tests.support.clock import ManualClock
from tests.support.opened import clock, database, postgres_database, sqlite_database

__all__ = ["clock", "database", "postgres_database", "sqlite_database"]


@pytest.fixture
async def room(sqlite_database: Database, clock: ManualClock) -> AsyncIterator[Room]:
    """Talk, a scripted model and the extractor, on SQLite."""
    async with opened_room(sqlite_database, clock) as room:
        yield room


@pytest.fixture
async def room_on_both(database: Database, clock: ManualClock) -> AsyncIterator[Room]:
    """The same on each of the databases."""
    async with opened_room(database, clock) as room:
        yield room
