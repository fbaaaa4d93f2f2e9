"""Other words for a fact, also when the message that holds them is handled twice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from aiogram.types import InlineKeyboardMarkup

from bot.db.engine import Database
from bot.services.memories import Memories
from bot.telegram.desk import Desk
from bot.telegram.handlers.memory_buttons import FACT, reworded
from bot.telegram.handlers.typed import Typed
from bot.telegram.i18n import translator
from bot.telegram.render import Part
from bot.telegram.replier import Replier
from tests.support.clock import START, ManualClock
from tests.support.opened import clock, database, sqlite_database
from tests.support.people import ANN, BOB, PRIVATE, settle
from tests.telegram.rooms import NoSearch

__all__ = ["clock", "database", "sqlite_database"]


class Said:
    """What would be sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, text: str | Part, keyboard: InlineKeyboardMarkup | None = None) -> None:
        self.texts.append(text.text if isinstance(text, Part) else text)


async def test_twice_is_once_and_only_the_owners_word_counts(
    sqlite_database: Database, clock: ManualClock
) -> None:
    service, said = Memories(sqlite_database, clock, 50), Said()
    await sqlite_database.write(lambda s: [settle(s, who, PRIVATE, START).user.id for who in (ANN, BOB)])
    saved = await service.remember(ANN, PRIVATE, "Plays the oboe")
    desk = cast("Desk", SimpleNamespace(memories=service, search=NoSearch()))

    async def write(person: Any, text: str, *, sure: bool = False) -> str:
        subject, replier = f"{FACT}:{saved.memory_id}:0", cast("Replier", said)
        return await reworded(Typed(text, PRIVATE, person, subject, sure, translator("en"), replier), desk)

    assert await write(ANN, "Does it rain?") == "not_meant"
    assert await write(ANN, "look at https://example.com/x") == "refused"
    assert await write(BOB, "Plays the tuba") == "taken"
    assert said.texts.pop() == "That is forgotten already."
    for _ in range(2):
        assert await write(ANN, "Plays the oboe\nand the flute") == "taken"
    first, second = said.texts[-2:]
    assert first == second
    assert first.startswith("Saved.\n\nPlays the oboe and the flute\n")
    assert first.endswith("Until 2026-03-14: Plays the oboe")
    assert (await service.page(ANN, 0)).total == 1
