"""What was deleted stands nowhere in the file any more; the index survives what migrations do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from bot.db import search
from bot.db.engine import Database
from bot.db.migrate import alembic_config
from bot.db.models import Message
from bot.db.search.ddl import create_triggers, drop_triggers
from bot.db.sqlite import sqlite_engine
from bot.memory.indexing import flush
from bot.memory.lexing import terms
from tests.search.test_index import check_integrity
from tests.search.town import found, indexed, words_of
from tests.support.opened import opened

SECRETS = ("zanzibar", "quixotry")


def bytes_of(path: Path) -> bytes:
    return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))


async def test_no_byte_of_a_deleted_word_is_left(sqlite_database: Database) -> None:
    path = Path(sqlite_database.url.removeprefix("sqlite:///"))
    chat, _ = await indexed(sqlite_database, [f"we talked about topic{n} and lunch" for n in range(300)])
    _, ids = await indexed(sqlite_database, [f"my trip to {SECRETS[0]} {n}" for n in range(150)])
    await indexed(sqlite_database, [f"and lunch once more {n}" for n in range(300)])
    await sqlite_database.write(lambda s: search.put_item(s, "fact", 1, "u1", terms(f"Loves {SECRETS[1]}")))
    assert all(bytes_of(path).count(secret[:6].encode()) for secret in SECRETS)

    def forget(session: Session) -> None:
        session.execute(delete(Message).where(Message.id.in_(ids)))
        search.remove_item(session, "fact", 1)
        search.merge_all(session)

    await sqlite_database.write(forget)
    truncated = sqlite_engine(sqlite_database.url, writer=True)
    with truncated.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    truncated.dispose()
    left = bytes_of(path)
    assert b"lunch" in left
    assert [secret for secret in SECRETS if secret[:6].encode() in left] == []
    assert len(await found(sqlite_database, chat, "lunch")) == 600


async def test_merging_by_steps_comes_to_its_end_and_loses_nothing(sqlite_database: Database) -> None:
    for part in range(6):
        chat, _ = await indexed(sqlite_database, [f"tea number{part} {n}" for n in range(20)])

    assert await sqlite_database.read(search.segments) > 1
    more = await sqlite_database.write(lambda s: search.merge_step(s, 1, fresh=True))
    steps = 0
    while more and steps < 1000:
        more = await sqlite_database.write(lambda s: search.merge_step(s, 1))
        steps += 1
    assert not more
    assert await sqlite_database.read(search.segments) == 1
    assert len(await found(sqlite_database, chat, "tea")) == 120


async def test_postgresql_leaves_merging_to_its_vacuum(postgres_database: Database) -> None:
    assert await postgres_database.write(search.merge_step) is False
    await postgres_database.write(search.merge_all)


async def test_the_triggers_can_be_taken_off_for_a_rebuilt_table(database: Database) -> None:
    chat, ids = await indexed(database, ["before it"])

    def rebuild(session: Session) -> None:
        drop_triggers(session.connection())
        session.execute(text("UPDATE messages SET token_count = 1"))
        create_triggers(session.connection())

    await database.write(rebuild)
    _, more = await indexed(database, ["behind it"])
    await database.write(lambda s: s.execute(delete(Message).where(Message.id.in_(ids))))
    assert await found(database, chat, "behind") == more
    assert await found(database, chat, "before") == []
    await database.write(check_integrity)


async def test_a_schema_without_the_index_gets_it_and_can_lose_it(changing_database_url: str) -> None:
    async with opened(changing_database_url) as database:
        chat, ids = await indexed(database, ["old talk"])
    config = alembic_config(changing_database_url)
    await asyncio.to_thread(command.downgrade, config, "0003")
    await asyncio.to_thread(command.upgrade, config, "head")
    await asyncio.to_thread(command.check, config)
    async with opened(changing_database_url) as database:
        assert await database.read(words_of) == {ids[0]: None}
        assert await flush(database, [chat]) == 1
        assert await found(database, chat, "talks") == ids
