"""A past that is sent to the bot is read by a job, which tells how far it came and what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.core.errors import DeliveryError
from bot.core.jobs import ClaimedJob
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import Job, Message
from bot.services.erasure import Erasure
from bot.services.past_reading import KIND, PastReading, PastWord
from bot.services.transfer.telegram_import import TelegramPast
from bot.telegram.i18n import LANGUAGES, translator
from bot.telegram.past_words import worded
from tests.support.clock import ManualClock
from tests.transfer.past import message, result
from tests.transfer.test_telegram_past import GROUP, Letters


class Telegram:
    """The outside world: it holds the file, and each word said takes its readers six seconds."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.file = b""
        self.said: list[PastWord] = []
        self.silent = False

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        return self.file

    async def tell(self, chat: ChatRef, language: str, key: str, word: PastWord) -> None:
        assert (chat.external_id, language, key) == (GROUP.external_id, "uk", "u:1:past")
        if self.silent and word.outcome == "reading":
            raise DeliveryError("too many requests", retry_after=30.0)
        self.said.append(word)


class Slow(Letters):
    """Counting the letters of a thousand messages takes three seconds."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock

    def count(self, text: str) -> int:
        self.clock.advance(0.003)
        return len(text)


def claimed(row: Job, attempts: int = 1) -> ClaimedJob:
    return ClaimedJob(row.id, row.kind, "background", row.lane, row.payload, attempts, None, row.created_at)


@pytest.fixture
def telegram(clock: ManualClock) -> Telegram:
    """The outside world."""
    return Telegram(clock)


@pytest.fixture
def reading(sqlite_database: Database, clock: ManualClock, telegram: Telegram) -> PastReading:
    """The service on a real database."""
    past = TelegramPast(sqlite_database, clock, Slow(clock), "7")
    found = PastReading(past, telegram, sqlite_database, clock)
    found.teller = telegram
    return found


async def ordered(reading: PastReading, database: Database) -> Job:
    for _ in range(2):
        await reading.take(GROUP, "file", "u:1:past", "uk")
    (row,) = await database.read(lambda s: s.scalars(select(Job).where(Job.kind == KIND)).all())
    return row


async def test_it_tells_how_far_it_came(
    sqlite_database: Database, telegram: Telegram, reading: PastReading, tmp_path: Path
) -> None:
    job = await ordered(reading, sqlite_database)
    telegram.file = result(message(n, f"word {n}", 100 + n % 3) for n in range(1, 6501))
    await reading.read(claimed(job))
    assert [(w.outcome, w.messages) for w in telegram.said[:3]] == [
        ("reading", 1999), ("reading", 3999), ("reading", 5999),
    ]  # fmt: skip
    assert all(5800 <= word.about <= 7200 and word.about % 100 == 0 for word in telegram.said[1:3])
    assert telegram.said[3:] == [PastWord("read", 6500)]
    # Interrupted after that, and begun again: what the first attempt read counts as read.
    telegram.said.clear()
    telegram.silent = True
    await reading.read(claimed(job, attempts=2))
    assert telegram.said == [PastWord("read", 6500)]
    telegram.said.clear()
    await Erasure(sqlite_database, telegram.clock, tmp_path, 14).erase(Person("101"))
    await reading.read(claimed(job))
    assert telegram.said == [PastWord("read", 0, known=4333, erased=2167)]


async def test_what_cannot_be_read(
    sqlite_database: Database, telegram: Telegram, reading: PastReading
) -> None:
    job = await ordered(reading, sqlite_database)
    whole = result(message(n, f"word {n}") for n in range(1, 2500))
    for file, outcome in (
        (result([message(1, "elsewhere")], id_=2002), "other_chat"),
        (result([message(1, "in private")], "personal_chat", 1001), "other_chat"),
        (b"<html><body>Exported Data</body></html>", "broken"),
        (b'{"name": "x"}', "broken"),
        (b"", "broken"),
    ):
        telegram.file = file
        await reading.read(claimed(job))
        assert telegram.said.pop().outcome == outcome
    assert await sqlite_database.read(lambda s: s.scalars(select(Message.id)).all()) == []
    telegram.file = whole[: len(whole) - 500]
    await reading.read(claimed(job))
    assert telegram.said.pop().outcome == "broken"
    telegram.file = whole
    await reading.read(claimed(job))
    assert telegram.said.pop().messages + 1000 * 2 >= 2499
    texts = await sqlite_database.read(lambda s: s.scalars(select(Message.content)).all())
    assert texts == [f"word {n}" for n in range(1, 2500)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words(language: str) -> None:
    t = translator(language)
    word = PastWord("reading", 12_400, 30_000)
    said = worded(word, t).replace("\N{NO-BREAK SPACE}", " ")
    assert ("12,400" if language == "en" else "12 400") in said
    assert ("30,000" if language == "en" else "30 000") in said
    every = [
        worded(one, t)
        for one in (
            word, PastWord("reading"), PastWord("read"), PastWord("read", 5, known=2, erased=3),
            PastWord("too_large"), PastWord("other_chat"), PastWord("broken"), PastWord("unavailable"),
        )
    ]  # fmt: skip
    assert len(set(every)) == len(every)
    assert "mnema import telegram result.json" in worded(replace(word, outcome="too_large"), t)
    assert language == "en" or not set(every) & {worded(PastWord("read"), translator("en"))}
