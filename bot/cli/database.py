"""mnema db …"""

from __future__ import annotations

import asyncio

import typer

from bot.app.wiring import prepare_database
from bot.cli.starting import start

app = typer.Typer(no_args_is_help=True)


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade() -> None:
    """Bring the schema to the present; harmless when it is there already."""
    settings = start()
    asyncio.run(prepare_database(settings.database_url))
    typer.echo("The database is up to date.")
