"""mnema jobs …"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.desk import open_jobs
from bot.app.logs import Redactor
from bot.cli.starting import secrets_of, start
from bot.services.jobs_desk import JobLine, JobsDesk
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")


@app.callback()
def jobs() -> None:
    """The queue: what waits and what failed."""


@app.command("list")
def list_jobs(
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show unfinished jobs and dead letters, never what they carry."""
    settings = start(logging.WARNING)
    lines = _with_desk(settings, lambda desk: desk.list(dead=dead, limit=limit))
    clean = Redactor(secrets_of(settings)).clean
    if as_json:
        rows = [asdict(line) | {"error": clean(line.error) if line.error else None} for line in lines]
        typer.echo(json.dumps({"items": rows, "count": len(rows)}, indent=2, default=_utc))
    elif lines:
        _print(lines, clean)
    else:
        typer.echo("No dead letters." if dead else "Nothing waits, nothing failed.")


@app.command()
def retry(
    job_id: Annotated[int | None, typer.Argument(metavar="ID", help="A dead letter's number.")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every dead letter.")] = False,
) -> None:
    """Queue dead letters again; a running bot takes them up within a second."""
    if (job_id is None) != all_dead:
        raise typer.BadParameter("Name one dead letter by its ID, or say --all-dead.")
    settings = start(logging.WARNING)
    if job_id is None:
        count = _with_desk(settings, lambda desk: desk.retry_dead())
        typer.echo(f"Queued again: {count}.")
        return
    _with_desk(settings, lambda desk: desk.retry(job_id))
    typer.echo(f"Job {job_id} is queued again.")


def _with_desk(settings: Settings, work: Callable[[JobsDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_jobs(settings) as desk:
            return await work(desk)

    return asyncio.run(run())


def _print(lines: Sequence[JobLine], clean: Callable[[str], str]) -> None:
    table = Table(
        "id", "kind", "lane", "state", "attempts", "age", "last error", box=box.SIMPLE, pad_edge=False
    )
    for line in lines:
        style = "red" if line.status == "dead" else ""
        error = Text(clean(line.error or ""), overflow="ellipsis")
        cells = (str(line.id), line.kind, line.lane, Text(line.status, style=style), str(line.attempts))
        table.add_row(*cells, age(line.age), error)
    Console().print(table)


def age(seconds: float) -> str:
    """A duration in its largest unit: "40 s", "5 min", "3 h", "2 d"."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _utc(value: object) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"
