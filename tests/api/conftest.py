"""The product without Telegram: its API behind the real door, and a scripted model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.opened import clock, database, sqlite_database

if TYPE_CHECKING:
    from tests.api.house import House

__all__ = ["clock", "database", "sqlite_database"]


@pytest.fixture
async def house(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The API on a fresh SQLite file; keys are asked for."""
    from tests.api.house import running_house

    async with running_house(sqlite_database_url, tmp_path) as running:
        yield running


@pytest.fixture
async def house_on_both(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The API on each of the databases."""
    from tests.api.house import running_house

    async with running_house(database_url, tmp_path) as running:
        yield running
