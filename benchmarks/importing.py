"""Reading a group's past: messages a second and memory at its height, with few messages and with many.

Each size is read by a process of its own, three times: into an empty database, killed in the middle and begun
again, and once more when everything is known. `python -m benchmarks.importing [MESSAGES] [POSTGRES_URL]`; the
database behind a URL must have our schema and be empty.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.past_talk import write_past
from bot.core.clock import SystemClock
from bot.db.engine import make_database
from bot.db.migrate import upgrade
from bot.llm.tokens import Tokens
from bot.services.transfer.telegram_import import TelegramPast

MESSAGES = 200_000
FEW = 10
"""A smaller import has one part in so many of the messages: memory must not tell them apart."""


def peak() -> float:
    """Megabytes that the process took at its height."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def read_once(url: str, file: Path, stop_at: int = 0) -> None:
    """Import the file, or `stop_at` of its messages and die as by a kill; one line of JSON tells of it."""
    database, tokens = make_database(url), Tokens("gpt-4o-mini", data_dir=file.parent)
    await database.open()
    await tokens.warm()
    before, cpu, began = peak(), time.process_time(), time.perf_counter()

    async def told(_at: int, messages: int) -> None:
        if stop_at and messages >= stop_at:
            os._exit(9)

    with file.open("rb") as source:
        done = await TelegramPast(database, SystemClock(), tokens, None).read(source, told)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await database.close()
    print(json.dumps({"added": done.added, "known": done.known, "read": done.read, "seconds": seconds,
                      "cpu": cpu, "before": before, "peak": peak()}))  # fmt: skip


def in_process(url: str, file: Path, stop_at: int = 0) -> dict[str, float]:
    """The same in a process of its own; empty for one that was killed."""
    command = [sys.executable, "-m", "benchmarks.importing", "--one", url, str(file), str(stop_at)]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    found: dict[str, float] = json.loads(said) if said else {}
    return found


def show(what: str, found: dict[str, float]) -> None:
    """One line for people."""
    pace, of_cpu = found["read"] / found["seconds"], found["read"] / found["cpu"]
    print(
        f"{what:>28}: {found['added']:>7,} added, {found['known']:>7,} known, {pace:>7,.0f} messages/s "
        f"({of_cpu:>7,.0f} a second of CPU), peak {found['peak']:.0f} MB ({found['before']:.0f} MB before)"
    )


def measure(folder: Path, messages: int, postgres: str | None) -> None:
    """Read a past of so many messages into SQLite, or into the database behind a URL."""
    file = folder / f"result-{messages}.json"
    write_past(file, messages)
    name = f"{messages:,}"
    for turn, stop_at in (("", 0), ("killed", messages // 2)):
        url = postgres or f"sqlite:///{folder / f'{turn}{messages}.db'}"
        if postgres is None:
            upgrade(url)
        elif turn:
            return  # one empty database was given
        if stop_at:
            in_process(url, file, stop_at)
            show(f"{name} after a kill", in_process(url, file))
        else:
            show(f"{name} first", in_process(url, file))
            show(f"{name} again", in_process(url, file))


def main() -> None:
    """Run it; the number of messages and another database may be given."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        return asyncio.run(read_once(arguments[1], Path(arguments[2]), int(arguments[3])))
    messages = int(arguments[0]) if arguments and arguments[0].isdigit() else MESSAGES
    postgres = arguments[1] if len(arguments) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        for size in (messages // FEW, messages) if postgres is None else (messages,):
            measure(Path(folder), size, postgres)
    return None


if __name__ == "__main__":
    main()
