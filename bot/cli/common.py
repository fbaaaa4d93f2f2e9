"""What commands share: who calls, a service opened beside a running bot, options, output for programs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from rich import box
from rich.table import Table

from bot.cli.starting import start
from bot.core.errors import NotFound
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.settings import Settings

S = TypeVar("S")
T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
UserId = Annotated[str, typer.Argument(metavar="USER_ID", help="Digits mean a Telegram id.")]

LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))
"""Whoever sits at this machine."""


def quietly() -> Settings:
    """The settings, with nothing but warnings in the log: a command's output is its own."""
    return start(logging.WARNING)


def using(
    opened: Callable[[Settings], AbstractAsyncContextManager[S]],
    work: Callable[[S], Awaitable[T]],
    *,
    unknown: str | None = None,
    settings: Settings | None = None,
) -> T:
    """Do something with a service while it is open; a NotFound tells `unknown`. Raises ConfigError."""
    chosen = settings or quietly()

    async def run() -> T:
        async with opened(chosen) as service:
            return await work(service)

    try:
        return asyncio.run(run())
    except NotFound as error:
        if unknown is None:
            raise
        raise NotFound(unknown) from error


def print_json(value: Any) -> None:
    """Print something for programs; times in UTC, to the second."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=utc))


def print_items(rows: Sequence[Any], **more: Any) -> None:
    """The same for a list, as the API gives lists."""
    print_json({"items": rows, "count": len(rows), **more})


def utc(value: Any) -> str:
    """A time as programs read it."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def here(moment: datetime) -> str:
    """A time as people at this machine read it."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def table(*columns: str) -> Table:
    """An empty table in the house's looks."""
    return Table(*columns, box=box.SIMPLE, pad_edge=False)
