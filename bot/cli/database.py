"""mnema db …"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from bot.app.backups import Backup, Backups
from bot.app.restoring import Restoring
from bot.app.schema import prepare_database
from bot.app.verifying import look_at_live
from bot.cli.database_view import (
    backup_row,
    live_row,
    print_backups,
    print_live,
    print_restored,
    progress_bar,
    restored_row,
    size,
    summary,
)
from bot.cli.starting import start
from bot.core.clock import SystemClock
from bot.core.errors import MnemaError
from bot.core.lock import InstanceLock
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

NEWEST = "newest"


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade() -> None:
    """Bring the schema to the present, after a copy of an older file; harmless when it is there already."""
    settings = start()
    asyncio.run(prepare_database(settings.database_url, settings.data_dir))
    typer.echo("The database is up to date.")


@app.command()
def backup(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file or folder; else DATA_DIR/backups.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a verified backup, also while the bot runs: one SQLite file, whichever database is in use."""
    settings = start(logging.WARNING)
    with progress_bar("Copying") as progress:
        made = Backups(settings, SystemClock()).make(output, progress=progress)
    if as_json:
        typer.echo(json.dumps(backup_row(made), indent=2))
        return
    typer.echo(f"{made.path}: {size(made.size)}, {summary(made.facts.counts)}")
    typer.echo(
        "To move to another machine: stop the bot, take a backup, and carry along this file, .env (the "
        "secrets are only there) and prompts/ if you wrote your own; there run `mnema db restore FILE`."
    )


@app.command()
def restore(
    file: Annotated[str, typer.Argument(metavar="[FILE|newest]", help="A backup.")] = NEWEST,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database. What is there is set aside in DATA_DIR/backups.

    Whoever was erased after the backup was taken is erased again. Stop the bot first.
    """
    settings = start(logging.WARNING)
    backups = Backups(settings, SystemClock())
    with ExitStack() as stack:
        _stopped(settings, stack)
        with progress_bar("Checking"):
            chosen = _chosen(backups, file)
            live = look_at_live(settings)
        if live.there and not yes:
            state = live.fault or summary(live.facts.counts)
            typer.echo(f"{chosen.path.name}: {summary(chosen.facts.counts)}", err=True)
            typer.confirm(f"Replace the database at {live.place} ({state})?", abort=True, err=True)
        with progress_bar("Restoring") as progress:
            work = Restoring(settings, SystemClock(), backups).restore(chosen, live.facts.fault, progress)
            done = asyncio.run(work)
    if as_json:
        typer.echo(json.dumps(restored_row(done), indent=2))
    else:
        print_restored(done, live.place)


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A backup; else the database and all backups.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the database and its backups, or one file; exit code 1 if something is not sound."""
    settings = start(logging.WARNING)
    backups = Backups(settings, SystemClock())
    if file is not None:
        with progress_bar("Checking"):
            found = [backups.look(file)]
        live = None
    else:
        with progress_bar("Checking") as progress:
            live = look_at_live(settings, thorough=True)
            paths = backups.paths()
            found = []
            for number, path in enumerate(paths, 1):
                found.append(backups.look(path))
                progress(number, len(paths))
    sound = all(one.fault is None for one in found) and (live is None or live.fault is None)
    if as_json:
        row = {"ok": sound, "backups": [backup_row(one) for one in found]}
        typer.echo(json.dumps(row if live is None else {**row, "database": live_row(live)}, indent=2))
    else:
        if live is not None:
            print_live(live)
        print_backups(found, backups.folder)
    raise typer.Exit(0 if sound else 1)


def _chosen(backups: Backups, file: str) -> Backup:
    if file != NEWEST:
        path = Path(file)
        found = backups.look(path if path.exists() else backups.folder / file)
        if found.fault is not None:
            raise MnemaError(f"{file} cannot be restored: {found.fault}.")
        return found
    newest = backups.newest_sound()
    if newest is None:
        raise MnemaError(f"There is no sound backup in {backups.folder}: name a file.")
    return newest


def _stopped(settings: Settings, stack: ExitStack) -> None:
    """Hold the lock of an SQLite instance. Raises ConfigError while the bot runs."""
    if settings.database_url.startswith("sqlite"):
        lock = InstanceLock(settings.data_dir / "mnema.lock")
        lock.acquire()
        stack.callback(lock.release)
