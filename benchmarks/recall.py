"""Recall in a chat of a thousand messages and in one of a million: its cost, and what the short cuts lose."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.filling import CHAT_OF, START, largest
from benchmarks.search import said, vocabulary
from bot.core.ids import message_id
from bot.core.scope import Scope
from bot.db import search
from bot.db.engine import Database, make_database
from bot.db.migrate import upgrade
from bot.db.models import Chat, Conversation, Message
from bot.db.sqlite import sqlite_engine
from bot.memory import finding
from bot.memory.hits import Ask, Kind
from bot.memory.lexing import terms
from bot.memory.recall import find

QUESTIONS = 60
_PART = 5_000
_LATER = START + timedelta(days=365)
_ZONE = ZoneInfo("UTC")
_KINDS: tuple[Kind, ...] = ("message",)
_EXACT = 10**9
_LOOKED_AT_EXACTLY = 3_000


def fill(path: Path, messages: int) -> str:
    """A database with one group of so many indexed messages, an hour between any two sittings of twenty."""
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = sqlite_engine(url, writer=True)
    times = {"created_at": START, "updated_at": START}
    with Session(engine) as session:
        session.execute(
            insert(Chat),
            [{"id": 1, "platform": "tg", "external_id": "-1", "type": "supergroup", "settings": {}, **times}],
        )
        session.execute(
            insert(Conversation),
            [{
                "no": 1, "id": "c1", "scope_key": "k1", "chat_id": 1, "status": "active",
                "message_count": messages, "next_seq": messages + 1, **times,
            }],
        )  # fmt: skip
        part: list[dict[str, object]] = []
        for row in _messages(messages):
            part.append(row)
            if len(part) == _PART:
                session.execute(insert(Message), part)
                part = []
        if part:
            session.execute(insert(Message), part)
        session.commit()
        search.merge_all(session)
        session.commit()
    engine.dispose()
    return url


def _messages(count: int) -> Iterator[dict[str, object]]:
    for seq, content in enumerate(said(count, seed=3), start=1):
        yield {
            "id": message_id(1, seq), "sender_label": "Ann (@ann, id:1)", "direction": "incoming",
            "content_type": "text", "content": content, "token_count": 20, "metadata": {},
            "sent_at": START + timedelta(seconds=20 * seq + 8 * 3600 * (seq // 20)),
            "search_text": search.packed(terms(content)),
        }  # fmt: skip


def questions() -> list[str]:
    """What people ask: a rare word, one that a few hundred messages in a million hold, and a common one."""
    dice = random.Random(11)
    words, _ = vocabulary()
    return [
        " ".join(
            (
                words[dice.randrange(2000, 15_000)],
                words[dice.randrange(200, 2000)],
                words[dice.randrange(20, 200)],
            )
        )
        for _ in range(QUESTIONS)
    ]


async def asked(database: Database, wanted: Sequence[str]) -> tuple[float, list[list[int]]]:
    """CPU milliseconds of a search, and the ids that each found."""

    def unit(session: Session) -> list[list[int]]:
        scope = Scope(1, 1, private=False)
        return [
            [hit.id for hit in find(session, scope, Ask(text, _LATER, _ZONE, limit=20, kinds=_KINDS))]
            for text in wanted
        ]

    await database.read(unit)
    began = time.process_time()
    found = await database.read(unit)
    return (time.process_time() - began) / len(wanted) * 1000, found


@contextmanager
def exactly() -> Iterator[None]:
    """Without the short cuts: every posting is read, and twenty times as many messages looked at."""
    before = finding.COMMON, finding.COUNTED, finding.LOOKED_AT
    finding.COMMON = finding.COUNTED = _EXACT
    finding.LOOKED_AT = _LOOKED_AT_EXACTLY
    try:
        yield
    finally:
        finding.COMMON, finding.COUNTED, finding.LOOKED_AT = before


async def measure(folder: Path, messages: int) -> tuple[float, float]:
    """Milliseconds of a search, and the share of the exact ranking's first twenty that it finds."""
    url = await asyncio.to_thread(fill, folder / f"{messages}.db", messages)
    database = make_database(url)
    await database.open()
    wanted = questions()
    took, found = await asked(database, wanted)
    with exactly():
        _, exact = await asked(database, wanted)
    await database.close()
    shares = [len(set(a) & set(b)) / len(b) for a, b in zip(found, exact, strict=True) if b]
    return took, sum(shares) / len(shares)


async def compare() -> None:
    """Print both, and the ratio."""
    sizes = (CHAT_OF, largest())
    with tempfile.TemporaryDirectory() as folder:
        (small, _), (large, share) = [await measure(Path(folder), size) for size in sizes]
    print(f"{'':34}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>8}   goal")
    print(f"{'a search in one chat, ms':34}{small:>12.2f}{large:>12.2f}{large / small:>8.2f}   <= 8")
    print(f"{'recall@20 of the exact ranking':34}{'':>12}{share:>12.2f}{'':>8}   >= 0.9")


def main() -> None:
    """Run it."""
    asyncio.run(compare())
