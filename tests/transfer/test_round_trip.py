"""What is exported and imported is the same again, also from one kind of database to the other."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.core.messages import Person
from bot.db.engine import Database
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.transfer.exporting import TYPES, Exports, Records
from bot.services.transfer.importing import Imports
from bot.services.transfer.writing import Format, write
from tests.support.clock import ManualClock
from tests.support.opened import opened
from tests.transfer.test_own import whole
from tests.transfer.village import Village

LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))


@pytest.fixture
async def three(
    sqlite_template: Path, tmp_path: Path, postgres_database: Database
) -> AsyncIterator[tuple[Database, Database, Database]]:
    """Two SQLite databases with a PostgreSQL one between them."""
    async with AsyncExitStack() as stack:
        ends = []
        for name in ("first", "last"):
            shutil.copy(sqlite_template, tmp_path / f"{name}.db")
            ends.append(await stack.enter_async_context(opened(f"sqlite:///{tmp_path / name}.db")))
        yield ends[0], postgres_database, ends[1]


def lines(exported: str) -> list[Any]:
    """The records of an export without the numbers that each database gives by itself."""
    if exported.startswith('{"record"'):
        records = [json.loads(line) for line in exported.split("\n") if line]
    else:
        records = [record for kind in TYPES for record in json.loads(exported)[kind]]
    seen: dict[str, int] = {}

    def again(value: Any) -> Any:
        if isinstance(value, list):
            return [again(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {key: _numbered(key, one, seen) or again(one) for key, one in value.items()}

    # PostgreSQL keeps the keys of metadata in an order of its own.
    return [json.loads(json.dumps(again(record), sort_keys=True)) for record in records]


def _numbered(key: str, value: Any, seen: dict[str, int]) -> str | None:
    own = key in ("id", "reply_to", "message", "superseded_by") and str(value).isdigit()
    return f"<{seen.setdefault(str(value), len(seen))}>" if own else None


async def text_of(records: Records, format_: Format = "json") -> str:
    return "".join([piece async for piece in write(records, format_)])


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_an_instance(three: tuple[Database, Database, Database], clock: ManualClock, seed: int) -> None:
    first, middle, last = three
    await first.write(lambda s: Village(s, seed, clock.now()).settle())
    exported = await whole(first, clock)
    came = exported
    for database in (middle, last):
        done = await Imports(database, clock).read(io.BytesIO(came.encode()))
        assert min(done.added.values()) > 0
        came = await whole(database, clock)
        assert lines(came) == lines(exported)
        again = await Imports(database, clock).read(io.BytesIO(exported.encode()))
        assert not +again.added
        assert lines(await whole(database, clock)) == lines(exported)


async def test_a_persons_own_and_a_conversation(
    three: tuple[Database, Database, Database], clock: ManualClock
) -> None:
    first, middle, last = three
    await first.write(lambda s: Village(s, 7, clock.now()).settle())
    person = Person("901")
    exported = await text_of(await Exports(first, clock).of_person(person))
    await Imports(middle, clock).read(io.BytesIO(exported.encode()))
    came = await text_of(await Exports(middle, clock).of_person(person))
    assert lines(came) == lines(exported)
    for conversation in json.loads(exported)["conversations"]:
        one = await text_of(await Exports(first, clock).of_conversation(LOCAL, conversation["id"]))
        await Imports(last, clock).read(io.BytesIO(one.encode()))
        came = await text_of(await Exports(last, clock).of_conversation(LOCAL, conversation["id"]))
        assert sorted(map(str, lines(came))) == sorted(map(str, lines(one)))
