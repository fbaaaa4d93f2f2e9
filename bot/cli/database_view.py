"""How the database, its backups and a restore look at the terminal and to programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.app.backups import Backup
from bot.app.restoring import Restored
from bot.app.verifying import Live

_WORDS = {
    "users": ("person", "people"),
    "conversations": ("conversation", "conversations"),
    "messages": ("message", "messages"),
    "memories": ("fact", "facts"),
}
_SCHEMAS = {
    "present": "up to date",
    "older": "older; the next start upgrades it",
    "newer": "of a newer Mnema",
    "none": "there is none yet",
}


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, for people only; the yielded function moves it."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{what} …", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def summary(counts: Mapping[str, int]) -> str:
    """How much of everything: "2 people, 40 messages …"."""
    found = {table: counts.get(table, 0) for table in _WORDS}
    return ", ".join(f"{count} {_WORDS[table][count != 1]}" for table, count in found.items())


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.0f} kB"


def print_live(live: Live) -> None:
    """Say how the database in use stands."""
    state = live.fault or (summary(live.facts.counts) if live.there else "")
    word = Text("DAMAGED" if live.facts.fault else "FAILED", style="bold red")
    shown = word if live.fault else Text("sound" if live.there else "–", style="green")
    table = Table("database", "state", "schema", "", box=box.SIMPLE, pad_edge=False)
    schema = "–" if live.facts.fault else _SCHEMAS[live.schema]
    table.add_row(Text(live.place, overflow="fold"), shown, schema, state)
    Console().print(table)
    if live.facts.fault:
        typer.echo("Start the bot, which restores the newest sound backup, or run `mnema db restore`.")


def print_backups(found: Sequence[Backup], folder: Path) -> None:
    """A table of backups."""
    if not found:
        typer.echo(f"There are no backups in {folder} yet.")
        return
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("backup", "state", "taken (UTC)", "size"):
        table.add_column(heading, no_wrap=True)
    table.add_column()
    for one in found:
        state = Text("sound", style="green") if one.fault is None else Text("BROKEN", style="bold red")
        holds = one.fault or summary(one.facts.counts)
        table.add_row(one.path.name, state, f"{one.taken_at:%Y-%m-%d %H:%M}", size(one.size), holds)
    Console().print(table)


def print_restored(done: Restored, place: str) -> None:
    """Say what a restore did, and what is lost."""
    typer.echo(f"{done.backup.path.name} is restored to {place}: {summary(done.backup.facts.counts)}.")
    since, until = f"{done.since:%Y-%m-%d %H:%M}", f"{done.until:%Y-%m-%d %H:%M}"
    typer.echo(f"Nothing is known of what happened between {since} and {until} UTC.")
    if done.aside is not None:
        typer.echo(f"What was there before lies at {done.aside}.")
    if done.erased:
        typer.echo(f"Erased again: {done.erased}.")
    if done.unanswered:
        typer.echo(f"Not done a second time: {done.unanswered} jobs (see `mnema jobs list --dead`).")


def backup_row(one: Backup) -> dict[str, Any]:
    """A backup for programs."""
    return {
        "path": str(one.path),
        "taken_at": _utc(one.taken_at),
        "size": one.size,
        "sound": one.fault is None,
        "fault": one.fault,
        "revision": one.facts.revision,
        "running": one.facts.running,
        "counts": dict(one.facts.counts),
    }


def live_row(live: Live) -> dict[str, Any]:
    """The database in use for programs."""
    return {
        "place": live.place,
        "sound": live.fault is None,
        "fault": live.fault,
        "schema": live.schema,
        "revision": live.facts.revision,
        "counts": dict(live.facts.counts),
    }


def restored_row(done: Restored) -> dict[str, Any]:
    """A restore for programs."""
    return {
        "backup": str(done.backup.path),
        "from": _utc(done.since),
        "until": _utc(done.until),
        "aside": None if done.aside is None else str(done.aside),
        "erased": done.erased,
        "unanswered": done.unanswered,
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
