"""Searching a chat's words in small and large databases, indexing, and what the index weighs."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.filling import CHAT_OF, START, largest
from bot.core.ids import message_id
from bot.db import search
from bot.db.engine import Database, make_database
from bot.db.migrate import upgrade
from bot.db.models import Chat, Conversation, Message
from bot.db.sqlite import sqlite_engine
from bot.memory.indexing import flush
from bot.memory.lexing import terms

SMALL, MIDDLE = 1, 2
"""Chats that are measured: of a thousand and of ten thousand messages; the others have a thousand."""

_ROUNDS = 100
_WORDS = 20_000
_LETTERS = (2, 3, 4, 4, 5, 6, 7, 8)
_LENGTH = 14
"""Words of a message, so that it has 91 bytes or so."""


@cache
def vocabulary() -> tuple[list[str], list[float]]:
    """Made-up words, the commonest first, with the summed frequencies that words have in talk."""
    dice = random.Random(5)
    letters = "aeiourstlnmdkpbgv"
    words = {
        "".join(dice.choices(letters, k=dice.choice((2, 3, 4, 4, 5, 6, 7, 8)))) for _ in range(2 * _WORDS)
    }
    mixed = random.Random(1).sample(sorted(words), _WORDS)
    return mixed, list(accumulate(1 / (rank + 3) for rank in range(_WORDS)))


def said(messages: int, seed: int) -> Iterator[str]:
    """So many messages."""
    dice = random.Random(seed)
    words, weights = vocabulary()
    drawn = dice.choices(words, cum_weights=weights, k=messages * _LENGTH)
    for at in range(messages):
        yield " ".join(drawn[at * _LENGTH : (at + 1) * _LENGTH])


def fill(path: Path, messages: int) -> str:
    """A database with so many indexed messages in chats of their own; gives its URL."""
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = sqlite_engine(url, writer=True)
    with Session(engine) as session:
        numbers = range(1, messages // CHAT_OF + 1)
        sizes = {no: CHAT_OF * (10 if no == MIDDLE else 1) for no in numbers}
        session.execute(insert(Chat), [_chat(no) for no in sizes])
        session.execute(insert(Conversation), [_conversation(no, size) for no, size in sizes.items()])
        for no, size in sizes.items():
            session.execute(insert(Message), list(_messages(no, size)))
            if no % 10 == 0:
                session.commit()
        session.commit()
    engine.dispose()
    return url


def _chat(no: int) -> dict[str, object]:
    return {
        "id": no, "platform": "tg", "external_id": str(no), "type": "private", "settings": {},
        "created_at": START, "updated_at": START,
    }  # fmt: skip


def _conversation(no: int, size: int) -> dict[str, object]:
    return {
        "no": no, "id": f"c{no}", "scope_key": f"k{no}", "chat_id": no, "status": "active",
        "message_count": size, "next_seq": size + 1, "created_at": START, "updated_at": START,
    }  # fmt: skip


def _messages(no: int, size: int, *, indexed: bool = True) -> Iterator[dict[str, object]]:
    for seq, content in enumerate(said(size, no), start=1):
        yield {
            "id": message_id(no, seq), "sender_label": "Ann (@ann, id:1)", "direction": "incoming",
            "content_type": "text", "content": content, "token_count": 20, "metadata": {}, "sent_at": START,
            "search_text": search.packed(terms(content)) if indexed else None,
        }  # fmt: skip


async def asked(database: Database, chat: int) -> float:
    """CPU milliseconds of a question's posting lists: eight words from the commonest to a rare one."""
    words, _ = vocabulary()
    question = [term for rank in (0, 3, 10, 40, 150, 600, 2500, 9000) for term in terms(words[rank])]

    def unit(session: Session) -> object:
        return search.message_postings(session, [chat], question, limit=3000)

    for _ in range(_ROUNDS // 10):
        await database.read(unit)
    began = time.process_time()
    for _ in range(_ROUNDS):
        await database.read(unit)
    return (time.process_time() - began) / _ROUNDS * 1000


async def indexing(database: Database) -> float:
    """CPU microseconds of a message, its words and its share of the transactions included."""
    no = 1_000_000_000

    def talk(session: Session) -> None:
        session.execute(insert(Chat), [_chat(no)])
        session.execute(insert(Conversation), [_conversation(no, 10_000)])
        session.execute(insert(Message), list(_messages(no, 10_000, indexed=False)))

    await database.write(talk)
    began = time.process_time()
    done = await flush(database, [no])
    return (time.process_time() - began) / done * 1e6


def weighed(url: str) -> tuple[float, float]:
    """Bytes of a message on the disk: everything, and the full text alone."""
    with sqlite_engine(url, writer=True).connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one()
        parts = connection.exec_driver_sql(
            "SELECT name LIKE 'fts%', sum(pgsize) FROM dbstat GROUP BY 1"
        ).all()
    sizes = {bool(of_index): size for of_index, size in parts}
    return sum(sizes.values()) / count, sizes[True] / count


async def measure(folder: Path, messages: int) -> dict[str, float]:
    """All figures of one size."""
    url = await asyncio.to_thread(fill, folder / f"{messages}.db", messages)
    database = make_database(url)
    await database.open()
    found = {
        "postings in a chat of 1k, ms": await asked(database, SMALL),
        "postings in a chat of 10k, ms": await asked(database, MIDDLE) if messages > CHAT_OF else 0.0,
    }
    began = time.perf_counter()
    await database.write(search.merge_all)
    found["merging all of it, s"] = time.perf_counter() - began
    found["merged: chat of 1k, ms"] = await asked(database, SMALL)
    found["merged: chat of 10k, ms"] = await asked(database, MIDDLE) if messages > CHAT_OF else 0.0
    found["bytes a message, all"], found["of them the index"] = weighed(url)
    found["indexing, us a message"] = await indexing(database)
    await database.close()
    return found


async def compare() -> None:
    """Print the figures, each size beside the smallest that has it."""
    sizes = sorted({CHAT_OF, 100_000, largest()})
    with tempfile.TemporaryDirectory() as folder:
        figures = [await measure(Path(folder), size) for size in sizes]
    print(f"{'':32}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>8}   goal")
    goals = {"bytes a message, all": "<= 400", "postings in a chat of 1k, ms": "<= 3"}
    for name in figures[0]:
        row = [figure[name] for figure in figures]
        ratio = row[-1] / next(value for value in row if value)
        print(
            f"{name:32}"
            + "".join(f"{value:>12.2f}" for value in row)
            + f"{ratio:>8.2f}   {goals.get(name, '')}"
        )


def main() -> None:
    """Run it."""
    asyncio.run(compare())
