"""mnema booking …"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.app.dialogue import open_bookings
from bot.cli.common import LOCAL, AsJson, table, using
from bot.services.booking_files import FORMATS, as_json
from bot.services.bookings import BookingView

app = typer.Typer(no_args_is_help=True)


class Format(StrEnum):
    """The kinds of files."""

    json = "json"
    csv = "csv"
    ics = "ics"


class Status(StrEnum):
    """What became of a booking."""

    booked = "booked"
    cancelled = "cancelled"


OfUser = Annotated[str | None, typer.Option("--user", metavar="USER_ID", help="One client's alone.")]
OfStatus = Annotated[Status | None, typer.Option("--status", help="These alone.")]

_MOST = 100_000


@app.callback()
def booking() -> None:
    """Bookings that people confirmed in their dialogues."""


@app.command("list")
def list_bookings(
    user: OfUser = None,
    status: OfStatus = None,
    as_json_: AsJson = False,
) -> None:
    """Show bookings, newest first."""
    views = _listed(user, status)
    if as_json_:
        typer.echo(as_json(views), nl=False)
    elif views:
        _print(views)
    else:
        typer.echo("There are no bookings.")


@app.command()
def export(
    format_: Annotated[Format, typer.Option("--format", help="ics is iCalendar.")] = Format.json,
    output: Annotated[Path | None, typer.Option("--output", help="A file; else it is printed.")] = None,
    user: OfUser = None,
    status: OfStatus = None,
) -> None:
    """Write bookings as JSON, CSV or iCalendar."""
    views = _listed(user, status)
    content = FORMATS[format_.value](views).encode()
    if output is None:
        typer.echo(content, nl=False)
        return
    output.write_bytes(content)
    typer.echo(f"{len(views)} bookings are in {output}.", err=True)


@app.command()
def cancel(booking_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Cancel a booking."""
    view = using(
        open_bookings,
        lambda kept: kept.cancel(LOCAL, booking_id),
        unknown=f"There is no booking {booking_id}.",
    )
    typer.echo(f"Booking {view.id} is cancelled.")


def _listed(user: str | None, status: Status | None) -> list[BookingView]:
    wanted = None if status is None else status.value
    return using(
        open_bookings,
        lambda kept: kept.list(LOCAL, user_id=user, status=wanted, limit=_MOST),
        unknown=f"There is no client {user}.",
    )


def _print(views: Sequence[BookingView]) -> None:
    shown = table("id", "client", "service", "master", "date", "time", "phone", "status")
    for view in views:
        cells = (view.client_id, view.service, view.master, view.date, view.time, view.phone, view.status)
        shown.add_row(str(view.id), *(Text(cell, overflow="ellipsis") for cell in cells))
    Console().print(shown)
