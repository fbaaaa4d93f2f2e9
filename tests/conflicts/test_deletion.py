"""What was deleted, forgotten or has had its time stands in no byte of the database's files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Memory, Message
from bot.db.repositories import memories, sources
from bot.db.scrub import scrub
from bot.memory import correcting, facts, indexed
from tests.support.clock import START
from tests.support.people import ANN, PRIVATE, say, settle

SPARED = "Keeps a marmoset"
GONE = {
    "deleted": "Plays the sackbut in Ouagadougou",
    "wrong": "Грає на сопілці-денцівці в Жмеринці",
    "expired": "Лечит попугаев в Нарьян-Маре",
    "declined": "Collects quipus from Huancavelica",
}
LATER = START + timedelta(days=60)


def secrets(text: str) -> list[bytes]:
    """Pieces of the words, as they would stand in a row or among the stems of an index."""
    words = [word for word in text.replace("-", " ").split() if len(word) > 6]
    return [form[:6].encode() for word in words for form in (word, word.casefold())]


def bytes_of(database: Database) -> bytes:
    path = Path(database.url.removeprefix("sqlite:///"))
    return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))


async def remembered(database: Database) -> tuple[Scope, dict[str, int]]:
    """Sixty facts, and among them those that will go; each with its message and its quote."""

    def one(session: Session, text: str, at: int, how: str = "") -> int:
        place = settle(session, ANN, PRIVATE, START)
        message = say(session, place, f"so: {text}", START)
        until = START + timedelta(days=2) if how == "expired" else None
        new = facts.NewFact(f"{text} {at}", "other", text, message.id, origin="inferred", expires_at=until)
        keep = facts.propose if how == "declined" else lambda s, w, f, n: facts.save(s, w, f, 500, n)
        return keep(session, place.scope, new, START).memory_id

    def unit(session: Session) -> tuple[Scope, dict[str, int]]:
        for at in range(30):
            one(session, f"{SPARED} named number{at}", at)
        ids = {how: one(session, text, 0, how) for how, text in GONE.items()}
        for at in range(30, 60):
            one(session, f"{SPARED} named number{at}", at)
        return settle(session, ANN, PRIVATE, START).scope, ids

    return await database.write(unit)


async def test_deleted_facts_leave_every_byte(sqlite_database: Database) -> None:
    database = sqlite_database
    scope, ids = await remembered(database)
    before = bytes_of(database)
    assert all(secret in before for text in GONE.values() for secret in secrets(text)[::2])

    def let_go(session: Session) -> None:
        facts.delete(session, scope, ids["deleted"], START)
        correcting.wrong(session, scope, ids["wrong"], START)
        facts.delete(session, scope, ids["wrong"], START)
        session.get_one(Memory, ids["declined"]).deleted_at = START
        said = [s.message_id for i in ids.values() for s in sources.of_memory(session, i)]
        memories.purge_deleted(session, LATER)
        memories.purge_expired(session, LATER)
        memories.purge_proposed(session, LATER)
        session.execute(delete(Message).where(Message.id.in_(said)))

    await database.write(let_go)
    assert await scrub(database)
    left = bytes_of(database)
    assert b"marmoset" in left
    assert [secret for text in GONE.values() for secret in secrets(text) if secret in left] == []
    rows = await database.read(lambda s: list(s.scalars(select(Memory))))
    assert len(rows) == 60
    await database.write(lambda s: indexed.put(s, s.get_one(Memory, rows[0].id)))  # the file still works


async def test_without_it_words_stay_behind(sqlite_database: Database) -> None:
    scope, ids = await remembered(sqlite_database)

    def let_go(session: Session) -> None:
        facts.delete(session, scope, ids["deleted"], START)
        memories.purge_deleted(session, LATER)

    await sqlite_database.write(let_go)
    left = bytes_of(sqlite_database)
    assert any(secret in left for secret in secrets(GONE["deleted"]))


@pytest.mark.postgres
async def test_on_postgresql_the_servers_vacuum_does_it(postgres_database: Database) -> None:
    assert await scrub(postgres_database)
