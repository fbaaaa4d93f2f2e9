"""A house for a module, on each of the databases: cases have people of their own, so they can share it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conflicts.stage import House, opened_house
from tests.support import databases
from tests.support.opened import opened, postgres_database, sqlite_database
from tests.support.postgres import PostgresServer

__all__ = ["postgres_database", "sqlite_database"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The house on SQLite."""
    folder = tmp_path_factory.mktemp("conflicts")
    shutil.copyfile(sqlite_template, folder / "mnema.db")
    async with (
        opened(databases.sqlite_url(folder / "mnema.db")) as database,
        opened_house(database, folder) as house,
    ):
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres_house(
    postgres_template: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The house on PostgreSQL."""
    with databases.postgres_database(postgres_template, databases.TEMPLATE) as url:
        async with opened(url) as database, opened_house(database, tmp_path_factory.mktemp("pg")) as house:
            yield house
