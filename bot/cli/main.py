"""The entry point of `mnema`, and how its errors look: one sentence, an exit code, no traceback."""

from __future__ import annotations

import sys

import typer

from bot import __version__
from bot.cli import (
    api,
    booking,
    chat,
    context,
    conversation,
    database,
    doctor,
    erase,
    importing,
    jobs,
    knowledge,
    memory,
    running,
    stats,
    transfer,
)
from bot.cli import eval as evaluation
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
app.command("erase")(erase.erase)
app.add_typer(api.app, name="api", help="The HTTP API: its document and its keys.")
app.add_typer(booking.app, name="booking", help="Bookings: list, export, cancel.")
app.add_typer(context.app, name="context", help="What the bot would know now: show.")
app.add_typer(
    conversation.app, name="conversation", help="Conversations: list, show, clear, archive, export."
)
app.add_typer(evaluation.app, name="eval", help="Measure the product: recall.")
app.add_typer(transfer.export_app, name="export", help="Take data along: user, conversation, instance.")
app.add_typer(importing.app, name="import", help="Bring data in: own, telegram, legacy.")
app.add_typer(jobs.app, name="jobs", help="The queue: list and retry.")
app.add_typer(knowledge.app, name="knowledge", help="Documents of a person: add, list, delete, search.")
app.add_typer(memory.app, name="memory", help="What is remembered: list, add, forget, search.")
app.add_typer(stats.app, name="stats", help="Numbers: user, instance.")
app.add_typer(database.app, name="db", help="The database: upgrade, backup, restore, verify.")


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
