"""The entry point of `mnema`, and how its errors look: one sentence, an exit code, no traceback."""

from __future__ import annotations

import sys

import typer

from bot import __version__
from bot.cli import chat, database, doctor, jobs, running
from bot.core.errors import ConfigError, MnemaError

app = typer.Typer(
    name="mnema",
    help="A self-hosted Telegram chat bot that remembers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(running.run)
app.command("playground")(running.playground)
app.command("chat")(chat.chat)
app.command("doctor")(doctor.doctor)
app.add_typer(jobs.app, name="jobs", help="The queue: list and retry.")
app.add_typer(database.app, name="db", help="The database: upgrade.")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; exit code 2 for settings that cannot work, 1 for what failed."""
    try:
        app()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except MnemaError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
