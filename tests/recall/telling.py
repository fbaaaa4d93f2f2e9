"""Small talks for tests of recall: told line by line, searched as their people would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.repositories import people
from bot.memory.hits import Ask, Hit
from bot.memory.recall import Recall
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, Place, say, settle

KYIV = ZoneInfo("Europe/Kyiv")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ANNS, BOBS = "Ann (@ann, id:101)", "Bob (id:102)"


def line(session: Session, place: Place, text: str, at: datetime, **more: Any) -> int:
    """A message of the place's person, seen in the chat; returns its id."""
    people.seen_in(session, place.chat, place.user, at)
    name = place.user.first_name
    return say(session, place, text, at, **{"label": ANNS if name == "Ann" else BOBS, **more}).id


async def tell(
    database: Database, texts: Sequence[str], *, who: Person = ANN, where: ChatRef = PRIVATE,
    at: datetime = START, step: timedelta = MINUTE, **more: Any,
) -> tuple[Scope, list[int]]:  # fmt: skip
    """One person's messages, one after the other; the scope in which they would ask there, and the ids."""

    def unit(session: Session) -> tuple[Scope, list[int]]:
        place = settle(session, who, where, at)
        return place.scope, [
            line(session, place, text, at + number * step, **more) for number, text in enumerate(texts)
        ]

    return await database.write(unit)


async def between(database: Database, lines: Sequence[tuple[Person, str]], at: datetime = START) -> Scope:
    """A talk of two in the group; the scope of Ann asking there."""

    def unit(session: Session) -> Scope:
        places = {who: settle(session, who, GROUP, at) for who in (ANN, BOB)}
        for number, (who, text) in enumerate(lines):
            line(session, places[who], text, at + number * MINUTE)
        return places[ANN].scope

    return await database.write(unit)


async def find(database: Database, scope: Scope, query: str, **more: Any) -> list[Hit]:
    """What a search gives a day later."""
    ask = Ask(query, **{"now": START + DAY, "zone": KYIV, **more})
    return await Recall(database).search(scope, ask)


async def texts(database: Database, scope: Scope, query: str, **more: Any) -> list[str]:
    """The same as texts."""
    return [hit.text for hit in await find(database, scope, query, **more)]
