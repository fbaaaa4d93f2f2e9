"""The job that reads a document: retried, told of once, and the last word when it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from bot.core.errors import DeliveryError, FileUnavailable
from bot.core.jobs import ClaimedJob
from bot.core.messages import AttachmentRef, ChatRef, Incoming
from bot.db.engine import Database
from bot.db.models import Document, Job
from bot.memory.parsing.run import Parser
from bot.memory.recall import Recall
from bot.services.knowledge import Knowledge
from bot.services.reading import Reading, Word
from tests.knowledge.test_chunking import Words
from tests.support.clock import ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE

RULES = AttachmentRef("document", "F", "U", "text/plain", 20, name="rules.txt")


@dataclass
class World:
    """A platform with one file, and a chat that remembers what it was told."""

    data: bytes | None = b"Guest parking costs 35."
    deaf: bool = False
    told: list[tuple[str, str, Word]] = field(default_factory=list)

    async def fetch(self, file_id: str, max_bytes: int) -> bytes:
        if self.data is None:
            raise FileUnavailable("gone")
        return self.data

    async def tell(self, chat: ChatRef, language: str, key: str, word: Word) -> None:
        if self.deaf:
            raise DeliveryError("silence", retry_after=1)
        self.told.append((chat.external_id, key, word))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def reading(database: Database, clock: ManualClock, world: World) -> Reading:
    kept = Knowledge(database, clock, Words(), Parser(), Recall(database))
    reading = Reading(kept, world, database, clock)
    reading.teller = world
    return reading


def sent(clock: ManualClock, number: int = 1, chat: ChatRef = PRIVATE) -> Incoming:
    return Incoming(
        f"tg:{number}", chat, str(number), clock.now(), ANN, attachments=(RULES,), addressed="private"
    )


async def claimed(database: Database) -> ClaimedJob:
    job = await database.read(lambda s: s.scalars(select(Job).order_by(Job.id.desc())).first())
    assert job is not None
    assert (job.pool, job.lane) == ("answer", "turn:1")
    return ClaimedJob(job.id, job.kind, "answer", job.lane, job.payload, 1, None, job.created_at)


async def test_a_second_try_tells_what_the_first_one_stored(
    reading: Reading, database: Database, clock: ManualClock, world: World
) -> None:
    incoming = sent(clock)
    assert await reading.look(incoming, RULES) == Word("reading", "rules")
    for _ in range(2):  # the update is handled again after a crash
        await reading.take(incoming, RULES, "1", "k", "en")
    job = await claimed(database)
    world.deaf = True
    with pytest.raises(DeliveryError):
        await reading.read(job)
    world.deaf = False
    await reading.read(job)
    assert world.told == [("101", "k", Word("read", "rules", 1))]
    assert await database.read(lambda s: len(s.scalars(select(Document)).all())) == 1

    await reading.take(sent(clock, 2), RULES, "2", "k2", "en")
    await reading.read(await claimed(database))
    assert world.told[-1] == ("101", "k2", Word("known", "rules", 1))


async def test_what_cannot_be_had_or_read_gets_its_word(
    reading: Reading, database: Database, clock: ManualClock, world: World
) -> None:
    await reading.take(sent(clock), RULES, "1", "k", "en")
    job = await claimed(database)
    world.data = None
    with pytest.raises(FileUnavailable) as gone:
        await reading.read(job)
    await reading.give_up(job, gone.value)
    world.data = b" \n"
    await reading.read(job)
    assert [word.outcome for _, _, word in world.told] == ["unavailable", "empty"]
    assert await database.read(lambda s: s.scalars(select(Document)).all()) == []


async def test_what_is_said_before_anything_is_fetched(
    reading: Reading, database: Database, clock: ManualClock
) -> None:
    large = AttachmentRef("document", "F", "U", "application/pdf", 21 << 20, name="large.pdf")
    other = AttachmentRef("document", "F", "U", "application/zip", 10, name="a.zip")
    assert (await reading.look(sent(clock), large)).outcome == "too_large"
    assert (await reading.look(sent(clock), other)).outcome == "unsupported"
    group = Incoming("tg:3", GROUP, "3", clock.now(), BOB, addressed="mention")
    await reading.take(group, RULES, "3", "k", "en")
    await reading.read(await claimed(database))
    assert (await reading.look(sent(clock), RULES)).outcome == "reading"  # the group's is not hers
    row = await database.read(lambda s: s.scalars(select(Document)).one())
    assert (row.user_id, row.meta["file"]) == (None, "U")
