"""mnema stats …"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.app.statistics import open_statistics
from bot.cli.starting import start
from bot.core.errors import NotFound
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.statistics import UserStatistics
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)

_LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))


@app.callback()
def stats() -> None:
    """Numbers of what is kept."""


@app.command()
def user(
    user_id: Annotated[str, typer.Argument(metavar="USER_ID", help="Digits mean a Telegram id.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show a user's dialogues, messages, average relevance and response time, tokens and cost."""
    found = asyncio.run(_found(start(logging.WARNING), user_id))
    if as_json:
        typer.echo(json.dumps({"user_id": user_id, **asdict(found)}, indent=2))
    else:
        _print(found)


async def _found(settings: Settings, user_id: str) -> UserStatistics:
    async with open_statistics(settings) as statistics:
        try:
            return await statistics.of(_LOCAL, user_id)
        except NotFound as error:
            raise NotFound(f"There is no user {user_id}.") from error


def _print(found: UserStatistics) -> None:
    relevance, seconds = found.relevance, found.response_seconds
    rows = {
        "dialogues": str(found.dialogues),
        "active": str(found.active),
        "messages": str(found.messages),
        "average relevance": "–" if relevance is None else f"{relevance:.0%}",
        "average response time": "–" if seconds is None else f"{seconds:.1f} s",
        "tokens in": str(found.prompt_tokens),
        "tokens out": str(found.completion_tokens),
        "cost": f"${found.cost:.4f}",
    }
    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
