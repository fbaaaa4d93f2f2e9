"""The looks for waiting work go by the partial indexes that hold nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.db.search.pending import Waiting, overdue, take, waiting_in
from bot.db.search.waiting import any_waiting, unembedded
from tests.db.test_plans import Unit, plans, scans
from tests.search.town import talk
from tests.support.clock import START

LOOKS: dict[str, tuple[Unit, str]] = {
    "waiting_in": (lambda s: waiting_in(s, [1, 2]), "ix_messages_unindexed"),
    "overdue": (lambda s: overdue(s, 100, 16, START + timedelta(hours=1)), "ix_messages_unindexed"),
    "take": (lambda s: take(s, Waiting(1, 1 << 33), 100), "ix_messages_unindexed"),
    "any_waiting": (any_waiting, "ix_vectors_waiting"),
    "unembedded": (lambda s: unembedded(s, 64, START), "ix_vectors_waiting"),
}


@pytest.mark.parametrize("name", LOOKS)
async def test_looks_use_their_index(database: Database, name: str) -> None:
    await talk(database, ["one", "two"])
    look, index = LOOKS[name]

    def unit(session: Session) -> list[tuple[str, str]]:
        return plans(session, look)

    found = await database.write(unit)
    assert any(index in plan for _, plan in found), found
    assert scans(found) == []
