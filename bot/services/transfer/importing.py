"""Reading our own exports: a person's, a conversation's or an instance's, as often as one likes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.ports import Clock
from bot.db.engine import Database
from bot.services.transfer import arriving, arriving_memory
from bot.services.transfer.arriving import Arrivals
from bot.services.transfer.erased import erased_marks
from bot.services.transfer.exporting import FORMAT, TYPES
from bot.services.transfer.streaming import lines, parts

BATCH = 1000

Told = Callable[[int], None]
"""Told how many bytes of the file are read."""


@dataclass(slots=True)
class Imported:
    """What came in, by kind; what was there already is not counted."""

    added: Counter[str] = field(default_factory=Counter)


class Imports:
    """Brings records in; a record that is there already changes nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def read(self, file: BinaryIO, told: Told | None = None) -> Imported:
        """Import a file in JSON or JSON lines. Raises Invalid for what is no export of ours.

        Interrupted and done again, it goes on where it was.
        """
        records = await asyncio.to_thread(_records, file)
        arrivals, done = Arrivals(erased=await self._db.read(erased_marks)), Imported()
        while batch := await asyncio.to_thread(lambda: list(islice(records, BATCH))):
            done.added += await self._bring(batch, arrivals)
            if told is not None:
                told(file.tell())
        now = self._clock.now()
        await self._db.write(lambda s: arriving_memory.link(s, arrivals, now))
        return done

    async def _bring(self, batch: list[tuple[str, dict[str, Any]]], arrivals: Arrivals) -> Counter[str]:
        now = self._clock.now()

        def unit(session: Session) -> Counter[str]:
            added: Counter[str] = Counter()
            for kind, records in _by_kind(batch):
                added[kind] += _BRINGING[kind](session, records, arrivals, now)
            return added

        try:
            return await self._db.write(unit)
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(f"the file does not fit: {error!r}") from error


_BRINGING: dict[str, Callable[..., int]] = {
    "users": arriving.users,
    "chats": arriving.chats,
    "conversations": arriving.conversations,
    "messages": arriving.messages,
    "facts": arriving_memory.facts,
    "states": arriving_memory.states,
    "bookings": arriving_memory.bookings,
    "documents": arriving_memory.documents,
}


def _by_kind(batch: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Neighbours of one kind together, in their order."""
    kind, some = "", list[dict[str, Any]]()
    for next_kind, record in batch:
        if next_kind != kind and some:
            yield kind, some
            some = []
        kind = next_kind
        some.append(record)
    if some:
        yield kind, some


def _records(file: BinaryIO) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of a file, once its first words say that it is ours."""
    start = file.read(4096)
    file.seek(0)
    if f'"{FORMAT}"'.encode() not in start:
        raise Invalid("this is no export of Mnema, or one of another version")
    if start.lstrip().startswith(b'{"record"'):
        return ((record.pop("record"), record) for record in lines(file) if record.get("record") in TYPES)
    places = {f"{kind}.item": kind for kind in TYPES}
    return ((places[at], found) for at, found in parts(file, places.__contains__) if isinstance(found, dict))
