"""The numbers of the whole instance and of one person, in small and large databases."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from benchmarks.filling import CHAT_OF, PERSON, START, fill, largest
from benchmarks.history import timed
from bot.core.jobs import ClaimedJob
from bot.core.messages import Person
from bot.db.engine import Database
from bot.db.models import Conversation, Turn, UsageRow
from bot.db.repositories import people
from bot.db.sqlite import SqliteDatabase
from bot.services.instance_statistics import InstanceNumbers
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.statistics import Statistics
from bot.services.topics import MOST_MESSAGES, PopularTopics

ADMIN = Caller("local", "bench", DEFAULT_APPLICATION, frozenset({"admin"}))
_ROWS = 10_000


class Later:
    """A clock that stands at a day when all of the talk is of the last month."""

    def now(self) -> datetime:
        """That moment."""
        return START + timedelta(days=29)

    def monotonic(self) -> float:
        """Seconds, which stand still."""
        return 0.0


CLOCK = Later()


def pay(session: Session, messages: int) -> None:
    """A turn and a paid call for every second message, over a year; a hundred are the measured person's."""
    user = people.find_user(session, PERSON)
    other = people.upsert_user(session, Person("2", "Bob"), START)
    session.flush()
    assert user is not None
    session.execute(update(Conversation).values(message_count=CHAT_OF, last_message_at=START))
    for rows in _answers(user.id, other.id, messages // 2):
        session.execute(insert(Turn), [turn for turn, _ in rows])
        session.execute(insert(UsageRow), [paid for _, paid in rows])


def _answers(
    user: int, other: int, count: int
) -> Iterator[list[tuple[dict[str, object], dict[str, object]]]]:
    for begin in range(1, count + 1, _ROWS):
        found = []
        for number in range(begin, min(begin + _ROWS, count + 1)):
            at = CLOCK.now() - timedelta(days=365 * (count - number) / count)
            turn: dict[str, object] = {
                "id": number, "conversation_no": 1, "chat_id": 1, "user_id": user if number <= 100 else other,
                "message_id": 1, "reply_message_id": (1 << 32) + 1, "channel": "api", "status": "delivered",
                "language": "en", "created_at": at, "last_part_at": at, "notices": [],
                "finished_at": at + timedelta(seconds=2),
            }  # fmt: skip
            paid: dict[str, object] = {
                "turn_id": number, "user_id": turn["user_id"], "purpose": "reply", "model": "m",
                "prompt_tokens": 1000, "completion_tokens": 100, "cached_tokens": 0, "estimated": False,
                "cost": 0.001, "created_at": at,
            }  # fmt: skip
            found.append((turn, paid))
        yield found


async def measure(folder: Path, messages: int) -> tuple[float, ...]:
    """Milliseconds of the three answers, and seconds of work of the two jobs behind them."""
    url = await asyncio.to_thread(fill, folder / f"{messages}.db", messages)
    database: Database = SqliteDatabase(url)
    await database.open()
    await database.write(lambda s: pay(s, messages))
    numbers, statistics, topics = (
        InstanceNumbers(database, CLOCK), Statistics(database), PopularTopics(database, CLOCK),
    )  # fmt: skip
    job = ClaimedJob(1, "bench", "background", "bench", {}, 1, None, CLOCK.now())
    began = time.process_time()
    await numbers.sum_usage(job)
    summed = time.process_time()
    await topics.count(job)
    counted = time.process_time()
    found = (
        await timed(lambda: numbers.memory(ADMIN), 50),
        await timed(lambda: numbers.whole(ADMIN), 50),
        await timed(lambda: statistics.own(PERSON), 50),
    )
    await database.close()
    return *found, summed - began, counted - summed


async def compare() -> None:
    """Print the ratios."""
    small, large = 10_000, largest()
    with tempfile.TemporaryDirectory() as folder:
        a = await measure(Path(folder), small)
        b = await measure(Path(folder), large)
    print(f"{'':44}{small:>12,}{large:>12,}{'ratio':>8}   goal")
    for at, name in enumerate(("GET /memory/stats", "GET /api/v1/stats", "a person's numbers")):
        print(f"{name + ', ms':44}{a[at]:>12.2f}{b[at]:>12.2f}{b[at] / a[at]:>8.2f}   <= 5")
    print(f"{'summing a year of the ledger, once, s':44}{a[3]:>12.2f}{b[3]:>12.2f}")
    most = f"counting topics (of at most {MOST_MESSAGES:,}), s"
    print(f"{most:44}{a[4]:>12.2f}{b[4]:>12.2f}")


def main() -> None:
    """Run it."""
    asyncio.run(compare())
