"""Dialogue states from plain Python, on both databases, beside an open bot, and in a script of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.db.blocking import BlockingDatabase
from bot.db.engine import Database
from bot.services.conversation_context import ConversationContext, cleanup_expired_contexts
from tests.support.clock import ManualClock

CONTEXT_BOOKING = "booking_in_progress"

SCRIPT = """
from bot.services.conversation_context import ConversationContext, cleanup_expired_contexts

context = ConversationContext(client_id="client_123")
context.save_context(
    context_type="booking_in_progress",
    context_data={"step": "select_service", "service": None, "master": None},
    expires_in_minutes=30,
)
current = context.get_context("booking_in_progress")
if current:
    print(f"Текущий шаг: {current['data']['step']}")
    print(f"Услуга: {current['data'].get('service')}")
context.update_context(
    "booking_in_progress", {"step": "select_master", "service": "Маникюр"}, extend_expiry=True
)
if context.has_context("booking_in_progress"):
    print("Есть незавершенная запись!")
all_contexts = context.get_all_active_contexts()
for ctx_type, ctx_data in all_contexts.items():
    print(f"{ctx_type}: {sorted(ctx_data['data'])}")
context.clear_context("booking_in_progress")
context.clear_context()
deleted_count = cleanup_expired_contexts()
print(f"Удалено {deleted_count} истекших контекстов")
"""
PRINTED = """\
Текущий шаг: select_service
Услуга: None
Есть незавершенная запись!
booking_in_progress: ['master', 'service', 'step']
Удалено 0 истекших контекстов
"""


@pytest.fixture
def blocking(database_url: str) -> Iterator[BlockingDatabase]:
    """The same database as a script has it."""
    opened = BlockingDatabase(database_url)
    yield opened
    opened.close()


async def test_the_printed_script_runs_beside_an_open_database(database: Database, tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": database.url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONUTF8": "1",
    }
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-W", "error", "-c", SCRIPT], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == (PRINTED, "")


def test_a_booking_from_the_first_step_to_the_last(blocking: BlockingDatabase) -> None:
    context = ConversationContext("client_123", database=blocking)
    empty = {"service": None, "master": None, "date": None, "time": None}
    context.save_context(CONTEXT_BOOKING, {"step": "select_service", **empty})
    for change in (
        {"step": "select_master", "service": "Маникюр"},
        {"step": "select_date", "master": "Jennifer"},
        {"step": "confirm", "date": "2025-11-25", "time": "15:00"},
    ):
        assert context.update_context(CONTEXT_BOOKING, change, extend_expiry=True)
    current = context.get_context(CONTEXT_BOOKING)
    assert current is not None
    assert current["data"] == {
        "step": "confirm", "service": "Маникюр", "master": "Jennifer", "date": "2025-11-25", "time": "15:00",
    }  # fmt: skip
    assert context.clear_context(CONTEXT_BOOKING) == 1
    assert not context.has_context(CONTEXT_BOOKING)


def test_the_time_of_a_state_is_exact(blocking: BlockingDatabase, clock: ManualClock) -> None:
    context = ConversationContext("client_123", database=blocking, clock=clock)
    context.save_context("awaiting_confirmation", {"question": "Записать?"})
    context.save_context("hobby", {"a": 1}, expires_in_minutes=10)
    clock.advance(599.999)
    hobby = context.get_context("hobby")
    assert hobby == {
        "data": {"a": 1}, "created_at": "2026-03-14T09:26:53Z", "expires_at": "2026-03-14T09:36:53Z",
    }  # fmt: skip
    assert context.update_context("hobby", {"b": 2})  # and the time stays
    clock.advance(0.001)
    assert context.get_context("hobby") is None
    assert not context.has_context("hobby")
    assert not context.update_context("hobby", {"c": 3}, extend_expiry=True)
    assert list(context.get_all_active_contexts()) == ["awaiting_confirmation"]
    assert cleanup_expired_contexts(database=blocking, clock=clock) == 1
    assert context.update_context("awaiting_confirmation", {}, extend_expiry=True, expires_in_minutes=60)
    clock.advance(3599)
    assert context.clear_context() == 1
    assert context.clear_context() == 0


def test_a_state_replaces_its_type_and_merges_at_the_top(blocking: BlockingDatabase) -> None:
    context = ConversationContext("client_123", database=blocking)
    context.save_context("cart", {"items": {"a": 1, "b": 2}, "kept": True})
    assert context.update_context("cart", {"items": {"c": 3}})
    assert context.get_all_active_contexts()["cart"]["data"] == {"items": {"c": 3}, "kept": True}
    context.save_context("cart", {"fresh": True})
    assert context.get_all_active_contexts()["cart"]["data"] == {"fresh": True}
    assert ConversationContext("client_124", database=blocking).get_all_active_contexts() == {}
    with pytest.raises(ValueError, match="step is one of"):
        context.save_context(CONTEXT_BOOKING, {"step": "next_step"})
    assert not context.update_context("nothing", {"a": 1})
    assert not ConversationContext("nobody", database=blocking).update_context("cart", {})


def test_a_bad_change_leaves_what_was(blocking: BlockingDatabase) -> None:
    context = ConversationContext(101, database=blocking)
    context.save_context(CONTEXT_BOOKING, {"step": "select_date", "nul": "a\x00b"})
    with pytest.raises(ValueError, match="step"):
        context.update_context(CONTEXT_BOOKING, {"step": "next_step"})
    kept = context.get_context(CONTEXT_BOOKING)
    assert kept is not None
    assert kept["data"] == {"step": "select_date", "nul": "ab"}


def test_an_empty_place_gets_its_schema(tmp_path: Path) -> None:
    fresh = BlockingDatabase(f"sqlite:///{tmp_path / 'deep' / 'new.db'}")
    try:
        assert ConversationContext("a", database=fresh).save_context("x", {})["data"] == {}
    finally:
        fresh.close()
