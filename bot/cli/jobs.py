"""mnema jobs …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.app.desk import open_jobs
from bot.app.logs import Redactor
from bot.cli.common import AsJson, print_items, quietly, table, using
from bot.cli.starting import secrets_of
from bot.services.jobs_desk import JobLine

app = typer.Typer(no_args_is_help=True)


@app.callback()
def jobs() -> None:
    """The queue: what waits and what failed."""


@app.command("list")
def list_jobs(
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
    after: Annotated[int, typer.Option(min=0, metavar="ID", help="Those behind this one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show unfinished jobs and dead letters, never what they carry."""
    settings = quietly()
    found = using(
        open_jobs, lambda desk: desk.list(dead=dead, limit=limit + 1, after=after), settings=settings
    )
    lines, following = found[:limit], found[limit - 1].id if len(found) > limit else None
    clean = Redactor(secrets_of(settings)).clean
    if as_json:
        rows = [asdict(line) | {"error": clean(line.error) if line.error else None} for line in lines]
        print_items(rows, next=following)
    elif lines:
        _print(lines, clean)
        if following is not None:
            typer.echo(f"There are more: --after {following} shows them.")
    elif after:
        typer.echo("There are no more.")
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
    if job_id is None:
        count = using(open_jobs, lambda desk: desk.retry_dead())
        typer.echo(f"Queued again: {count}.")
        return
    using(open_jobs, lambda desk: desk.retry(job_id))
    typer.echo(f"Job {job_id} is queued again.")


def _print(lines: Sequence[JobLine], clean: Callable[[str], str]) -> None:
    shown = table("id", "kind", "lane", "state", "attempts", "age", "last error")
    for line in lines:
        style = "red" if line.status == "dead" else ""
        error = Text(clean(line.error or ""), overflow="ellipsis")
        cells = (str(line.id), line.kind, line.lane, Text(line.status, style=style), str(line.attempts))
        shown.add_row(*cells, age(line.age), error)
    Console().print(shown)


def age(seconds: float) -> str:
    """A duration in its largest unit: "40 s", "5 min", "3 h", "2 d"."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
