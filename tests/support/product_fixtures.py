"""The product as fixtures; it is imported by the first test that asks for it, since that takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.product import Product


@pytest.fixture
async def product(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """The product on a fresh SQLite file."""
    from tests.support.product import running_product

    async with running_product(sqlite_database_url, tmp_path) as running:
        yield running


@pytest.fixture
async def product_on_both(database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """The product on each of the databases."""
    from tests.support.product import running_product

    async with running_product(database_url, tmp_path) as running:
        yield running
