"""mnema db …"""

from __future__ import annotations

import asyncio

import typer

from bot.app.schema import prepare_database
from bot.cli.starting import start

app = typer.Typer(no_args_is_help=True)


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade() -> None:
    """Bring the schema to the present, after a copy of an older file; harmless when it is there already."""
    settings = start()
    asyncio.run(prepare_database(settings.database_url, settings.data_dir))
    typer.echo("The database is up to date.")
