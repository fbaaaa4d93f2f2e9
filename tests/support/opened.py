"""Fixtures: the house's own database object, open, on both kinds of databases; and a manual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.db.engine import Database, make_database
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database behind a URL, open."""
    database = make_database(url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, once on SQLite and once on PostgreSQL."""
    async with opened(database_url) as database:
        yield database


@pytest.fixture
async def sqlite_database(sqlite_database_url: str) -> AsyncIterator[Database]:
    """An open SQLite database."""
    async with opened(sqlite_database_url) as database:
        yield database


@pytest.fixture
async def postgres_database(postgres_database_url: str) -> AsyncIterator[Database]:
    """An open PostgreSQL database."""
    async with opened(postgres_database_url) as database:
        yield database
