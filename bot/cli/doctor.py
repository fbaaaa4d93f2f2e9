"""mnema doctor: what is right, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import Console
from rich.text import Text

from bot.app.doctor import Check, examine
from bot.app.logs import Redactor
from bot.cli.common import AsJson, print_json, table
from bot.cli.starting import secrets_of, start

_SIGNS = {
    "ok": ("ok", "green"),
    "warning": ("note", "yellow"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("–", "dim"),
}


def doctor(as_json: AsJson = False) -> None:
    """Check the token, the model, the database and the machine; exit code 1 if something fails."""
    settings = start(logging.ERROR)
    clean = Redactor(secrets_of(settings)).clean
    checks = [
        Check(check.name, check.state, clean(check.found), clean(check.advice))
        for check in asyncio.run(examine(settings))
    ]
    well = all(check.state != "failed" for check in checks)
    if as_json:
        print_json({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        _print(checks)
    raise typer.Exit(0 if well else 1)


def _print(checks: Sequence[Check]) -> None:
    shown = table()
    shown.show_header = False
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for check in checks:
        word, style = _SIGNS[check.state]
        text = Text(check.found)
        if check.advice:
            text.append(f"\n→ {check.advice}", style="bold" if check.state == "failed" else "dim")
        shown.add_row(check.name, Text(word, style=style), text)
    Console().print(shown)
