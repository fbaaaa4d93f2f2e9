"""mnema doctor: what is right, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.doctor import Check, examine
from bot.app.logs import Redactor
from bot.cli.starting import secrets_of, start

_SIGNS = {
    "ok": ("ok", "green"),
    "warning": ("note", "yellow"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("–", "dim"),
}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check the token, the model, the database and the machine; exit code 1 if something fails."""
    settings = start(logging.ERROR)
    clean = Redactor(secrets_of(settings)).clean
    checks = [
        Check(check.name, check.state, clean(check.found), clean(check.advice))
        for check in asyncio.run(examine(settings))
    ]
    well = all(check.state != "failed" for check in checks)
    if as_json:
        typer.echo(json.dumps({"ok": well, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        _print(checks)
    raise typer.Exit(0 if well else 1)


def _print(checks: Sequence[Check]) -> None:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        word, style = _SIGNS[check.state]
        text = Text(check.found)
        if check.advice:
            text.append(f"\n→ {check.advice}", style="bold" if check.state == "failed" else "dim")
        table.add_row(check.name, Text(word, style=style), text)
    Console().print(table)
