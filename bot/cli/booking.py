"""mnema booking …"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.dialogue import open_bookings
from bot.cli.starting import start
from bot.core.errors import NotFound
from bot.services.booking_files import FORMATS, as_json
from bot.services.bookings import Bookings, BookingView
from bot.services.reach import DEFAULT_APPLICATION, Caller

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")


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

_LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))
_MOST = 100_000


@app.callback()
def booking() -> None:
    """Bookings that people confirmed in their dialogues."""


@app.command("list")
def list_bookings(
    user: OfUser = None,
    status: OfStatus = None,
    as_json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
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
    try:
        view = _run(lambda kept: kept.cancel(_LOCAL, booking_id))
    except NotFound as error:
        raise NotFound(f"There is no booking {booking_id}.") from error
    typer.echo(f"Booking {view.id} is cancelled.")


def _listed(user: str | None, status: Status | None) -> list[BookingView]:
    wanted = None if status is None else status.value
    try:
        return _run(lambda kept: kept.list(_LOCAL, user_id=user, status=wanted, limit=_MOST))
    except NotFound as error:
        raise NotFound(f"There is no client {user}.") from error


def _run(work: Callable[[Bookings], Awaitable[T]]) -> T:
    settings = start(logging.WARNING)

    async def run() -> T:
        async with open_bookings(settings) as kept:
            return await work(kept)

    return asyncio.run(run())


def _print(views: Sequence[BookingView]) -> None:
    table = Table(
        "id", "client", "service", "master", "date", "time", "phone", "status", box=box.SIMPLE, pad_edge=False
    )
    for view in views:
        cells = (view.client_id, view.service, view.master, view.date, view.time, view.phone, view.status)
        table.add_row(str(view.id), *(Text(cell, overflow="ellipsis") for cell in cells))
    Console().print(table)
