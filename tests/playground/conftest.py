"""Fixtures of the playground's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.rehearsal import Rehearsal, running_rehearsal


@pytest.fixture
async def rehearsal() -> AsyncIterator[Rehearsal]:
    """The rehearsal model served on loopback."""
    async with running_rehearsal() as served:
        yield served
