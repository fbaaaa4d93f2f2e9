"""The shared fixtures; workers look at their queue often, for the clock jumps, and no client pauses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.jobs import worker
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.opened import clock, database, postgres_database, sqlite_database

__all__ = ["clock", "database", "postgres_database", "sqlite_database"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL", 0.05)
    monkeypatch.setattr("bot.llm.asking.random.uniform", lambda low, high: 0.0)


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A scripted model."""
    async with scripted_llm() as server:
        yield server
