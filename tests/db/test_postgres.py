"""What only PostgreSQL does: announcements over a connection that may break, and deadlocks."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.db.engine import Database, announce
from bot.db.models import Meta
from tests.support.clock import START
from tests.support.waiting import until


def put(session: Session, key: str) -> None:
    session.add(Meta(key=key, value={"n": 0}, updated_at=START))


def number(session: Session, key: str) -> int:
    return int(session.get_one(Meta, key).value["n"])


@pytest.mark.postgres
async def test_postgres_hears_again_after_its_connection_broke(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.postgres.RELISTEN", 0.05)
    heard: list[str] = []
    postgres_database.listen("topic", lambda: heard.append("topic"))
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await postgres_database.write(lambda s: s.execute(kill))
    await until(lambda: bool(heard))  # told once after the break, for what may have been missed
    heard.clear()
    await postgres_database.write(lambda s: announce(s, "topic"))
    await until(lambda: bool(heard))


@pytest.mark.postgres
async def test_a_deadlock_is_tried_again(postgres_database: Database) -> None:
    def both(session: Session, keys: tuple[str, str]) -> None:
        for key in keys:
            row = session.get_one(Meta, key, with_for_update=True)
            row.value = {"n": row.value["n"] + 1}
            session.flush()
            session.execute(text("SELECT pg_sleep(0.05)"))

    for key in "ab":
        await postgres_database.write(lambda s, key=key: put(s, key))  # type: ignore[misc]
    pairs: list[tuple[str, str]] = [("a", "b"), ("b", "a")]
    await asyncio.gather(*(postgres_database.write(lambda s, p=p: both(s, p)) for p in pairs))  # type: ignore[misc]
    assert await postgres_database.read(lambda s: (number(s, "a"), number(s, "b"))) == (2, 2)
