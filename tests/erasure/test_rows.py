"""An erased person is in no row and in no byte of the files; the others lose nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import Person
from bot.db.backup import copy_database
from bot.db.engine import Database
from bot.db.models import Base, Conversation, Job, Memory, Message, User
from bot.services.erasure import Erasure
from tests.erasure.town import KEPT, WORD, settle_town
from tests.support.clock import ManualClock
from tests.support.people import ANN, BOB, PRIVATE, say, settle


def cells(session: Session) -> Iterator[tuple[str, str]]:
    """Every value of every row as text, with its table and column."""
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            for column, value in zip(table.c, row, strict=True):
                if value is not None and not isinstance(column.type, LargeBinary):
                    yield f"{table.name}.{column.name}", str(value)


def holders(session: Session, word: str) -> set[str]:
    return {place for place, value in cells(session) if word in value}


async def test_rows(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    await database.write(lambda s: settle_town(s, clock.now()))
    before = await database.read(lambda s: (holders(s, WORD), holders(s, KEPT)))
    assert len(before[0]) > 15
    (tmp_path / "mnema-20260301T101010Z-before-0002.db").touch()
    erasure = Erasure(database, clock, tmp_path, 14)
    receipt = await erasure.erase(ANN)

    after = await database.read(lambda s: (holders(s, WORD), holders(s, KEPT)))
    assert after == (set(), before[1])
    assert await database.read(lambda s: [place for place, value in cells(s) if value == "101"]) == []
    assert receipt.removed == {
        "messages": 2, "replies": 2, "facts": 1, "states": 1, "bookings": 1, "documents": 1,
        "conversations": 1, "summaries": 2, "keys": 1,
    }  # fmt: skip
    assert [b.name for b in receipt.backups] == ["mnema-20260301T101010Z-before-0002.db"]
    assert receipt.last_backup_ends is not None
    assert f"{receipt.last_backup_ends:%Y-%m-%d}" == "2026-03-15"

    def kept(session: Session) -> None:
        (conversation,) = session.scalars(select(Conversation))
        messages = session.scalars(select(Message)).all()
        assert conversation.message_count == len(messages) == 3
        assert [m.content for m in messages if m.quote or m.reply_to] == [f"Your {KEPT} is nice"]
        assert [m.text for m in session.scalars(select(Memory))] == [f"Owns an {KEPT}"]
        assert [u.external_id for u in session.scalars(select(User))] == ["102"]
        waiting = session.scalars(select(Job).where(Job.status == "queued", Job.kind == "telegram.update"))
        assert [job.payload["message"]["text"] for job in waiting] == [KEPT]

    await database.read(kept)
    assert await erasure.erase(ANN) == receipt
    with pytest.raises(NotFound):
        await erasure.erase(Person("999"))


async def test_files(sqlite_database: Database, clock: ManualClock, tmp_path: Path) -> None:
    await sqlite_database.write(lambda s: settle_town(s, clock.now()))
    place = Path(sqlite_database.url.removeprefix("sqlite:///"))

    def written(word: str) -> bool:
        return any(word.encode() in file.read_bytes() for file in place.parent.glob(f"{place.name}*"))

    assert written(WORD)
    erasure = Erasure(sqlite_database, clock, tmp_path / "backups", 14)
    await erasure.erase(ANN)
    assert await erasure.scrub()
    assert not written(WORD)
    assert written(KEPT)
    with closing(sqlite3.connect(place)) as connection:
        check = "INSERT INTO fts_messages(fts_messages) VALUES ('integrity-check')"
        connection.execute(check).close()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_restored_backup_forgets_again(
    sqlite_database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    from tests.support.opened import opened

    await sqlite_database.write(lambda s: settle_town(s, clock.now()))
    place, backup = Path(sqlite_database.url.removeprefix("sqlite:///")), tmp_path / "restored.db"
    copy_database(place, backup)
    await Erasure(sqlite_database, clock, tmp_path / "backups", 14).erase(ANN)
    clock.advance(timedelta(days=1).total_seconds())
    back = clock.now()
    await sqlite_database.write(lambda s: say(s, settle(s, ANN, PRIVATE, back), "I am back", back).id)
    # Who came back stays; in the old copy they are erased again, and only they.
    assert await Erasure(sqlite_database, clock, tmp_path / "backups", 14).replay() == 0
    async with opened(f"sqlite:///{backup}") as restored:
        assert await Erasure(restored, clock, tmp_path / "backups", 14).replay() == 1
        assert await restored.read(lambda s: holders(s, WORD)) == set()
        assert await restored.read(lambda s: [u.external_id for u in s.scalars(select(User))]) == [
            BOB.external_id
        ]
