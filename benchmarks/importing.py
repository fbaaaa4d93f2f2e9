"""Reading a chat's past of 200,000 messages: messages a second, and the memory at its height."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from bot.core.clock import SystemClock
from bot.db.engine import make_database
from bot.db.migrate import upgrade
from bot.llm.tokens import Tokens
from bot.services.transfer.telegram_import import TelegramPast

MESSAGES = 200_000
_WORDS = ("we", "met", "at", "the", "old", "mill", "and", "spoke", "about", "its", "garden", "in", "rain")


def write_past(place: Path, messages: int) -> None:
    """A result.json as Telegram Desktop writes it."""
    with place.open("w", encoding="utf-8") as out:
        out.write('{"name": "Past", "type": "private_supergroup", "id": 42, "messages": [\n')
        for id_ in range(1, messages + 1):
            who = id_ % 40
            text = " ".join(_WORDS[(id_ * 7 + at) % len(_WORDS)] for at in range(4 + id_ % 24))
            record = {
                "id": id_, "type": "message", "date_unixtime": str(1_600_000_000 + id_),
                "from": f"Person {who}", "from_id": f"user{who}", "text": text,
                "text_entities": [{"type": "plain", "text": text}],
            }  # fmt: skip
            if id_ % 5 == 0:
                record["reply_to_message_id"] = id_ - 3
            out.write(json.dumps(record) + (",\n" if id_ < messages else "\n"))
        out.write("]}\n")


def peak() -> float:
    """Megabytes that the process took at its height."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(folder: Path, messages: int) -> None:
    """Import once, and once more, which adds nothing."""
    url = f"sqlite:///{folder / 'mnema.db'}"
    upgrade(url)
    database, tokens = make_database(url), Tokens("gpt-4o-mini", data_dir=folder)
    await database.open()
    await tokens.warm()
    past = TelegramPast(database, SystemClock(), tokens, None)
    before = peak()
    for what in ("first time", "again"):
        began = time.perf_counter()
        with (folder / "result.json").open("rb") as file:
            done = await past.read(file)
        seconds = time.perf_counter() - began
        print(
            f"{what:>10}: {done.added} added, {done.known} known, {messages / seconds:,.0f} messages/s, "
            f"peak {peak():.0f} MB ({before:.0f} MB before)"
        )
    await database.close()


def main() -> None:
    """Run it; the number of messages may be given."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory() as folder:
        write_past(Path(folder) / "result.json", messages)
        asyncio.run(measure(Path(folder), messages))


if __name__ == "__main__":
    main()
