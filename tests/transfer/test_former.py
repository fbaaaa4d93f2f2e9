"""The predecessor's messages come in from either kind of database, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.db.engine import Database
from bot.db.former import FormerDatabase
from bot.db.models import ChatMember, Conversation, Message
from bot.services.transfer.legacy import LegacyImport, Taken
from tests.support.clock import ManualClock
from tests.transfer.test_telegram_past import Letters

_TABLE = """CREATE TABLE IF NOT EXISTS messages (id {id} PRIMARY KEY, user_id VARCHAR(255), chat_id BIGINT,
 message_id BIGINT, text TEXT, metadata {json}, created_at {time})"""


@asynccontextmanager
async def former(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url.replace("sqlite://", "sqlite+aiosqlite://"))
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


async def fill(url: str, rows: list[tuple[str, str, int, str, str | None]]) -> None:
    postgres = url.startswith("postgresql")
    kinds = {"id": "UUID", "json": "JSONB", "time": "TIMESTAMPTZ"} if postgres else {
        "id": "TEXT", "json": "JSON", "time": "TIMESTAMP"}  # fmt: skip
    async with former(url) as connection:
        await connection.execute(text(_TABLE.format(**kinds)))
        for number, (user, said, chat, at, meta) in enumerate(rows):
            marks = (
                ":text, CAST(:meta AS JSONB), CAST(:at AS TEXT)::timestamptz"
                if postgres
                else ":text, :meta, :at"
            )
            id_ = f"00000000-0000-4000-8000-{abs(hash((user, said))) % 10**12:012d}"
            key = "CAST(CAST(:id AS TEXT) AS UUID)" if postgres else ":id"
            values: dict[str, Any] = {
                "id": id_, "user": user, "chat": chat, "number": number + len(said) * 1000, "text": said,
                "meta": meta, "at": at,
            }  # fmt: skip
            row = f"INSERT INTO messages VALUES ({key}, :user, :chat, :number, {marks})"
            await connection.execute(text(row), values)


async def bring(database: Database, clock: ManualClock, url: str) -> Taken:
    return await LegacyImport(database, clock, Letters()).read(FormerDatabase(url))


async def test_it_comes_in_once(
    blank_database_url: str, sqlite_database: Database, clock: ManualClock
) -> None:
    url = blank_database_url
    first = [
        ("101", "hello", 101, "2025-01-01 10:00:00+00", '{"direction": "user"}'),
        ("101", "how are you?", 101, "2025-01-01 10:00:05+00", '{"direction": "ai", "model": "m"}'),
        ("101", "note", 101, "2025-01-01 10:00:06+00", '{"direction": "system"}'),
        ("102", "in a group", -1001, "2025-01-02 10:00:00+00", None),
    ]
    await fill(url, first)
    done = await bring(sqlite_database, clock, url)
    assert (done.read, done.added) == (4, 4)
    assert (await bring(sqlite_database, clock, url)).added == 0
    await fill(url, [("101", "and a later word", 101, "2025-01-03 10:00:00+00", None)])
    done = await bring(sqlite_database, clock, url)
    assert (done.read, done.added) == (5, 1)
    rows = await sqlite_database.read(
        lambda s: s.execute(
            select(Message.content, Message.direction, Conversation.message_count)
            .join(Conversation, Message.id.between(Conversation.no * 2**32, Conversation.no * 2**32 + 2**32))
            .order_by(Message.id)
        ).all()
    )
    assert [tuple(row) for row in rows] == [
        ("hello", "incoming", 4), ("how are you?", "outgoing", 4), ("note", "system", 4),
        ("and a later word", "incoming", 4), ("in a group", "incoming", 1),
    ]  # fmt: skip
    times = await sqlite_database.read(
        lambda s: s.scalars(select(Message.sent_at).order_by(Message.id)).all()
    )
    assert f"{times[0]:%Y-%m-%dT%H:%M:%S%z}" == "2025-01-01T10:00:00+0000"
    left = await sqlite_database.read(
        lambda s: s.scalars(select(ChatMember.left_at).order_by(ChatMember.chat_id)).all()
    )
    assert left == [None, clock.now()], "of a group nobody knows whether they are still in it"
