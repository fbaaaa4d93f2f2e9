"""mnema stats …"""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.console import Console

from bot.app.statistics import open_statistics
from bot.cli.common import LOCAL, AsJson, UserId, print_json, table, using
from bot.services.statistics import UserStatistics

app = typer.Typer(no_args_is_help=True)


@app.callback()
def stats() -> None:
    """Numbers of what is kept."""


@app.command()
def user(user_id: UserId, as_json: AsJson = False) -> None:
    """Show a user's dialogues, messages, average relevance and response time, tokens and cost."""
    found = using(
        open_statistics,
        lambda statistics: statistics.of(LOCAL, user_id),
        unknown=f"There is no user {user_id}.",
    )
    if as_json:
        print_json({"user_id": user_id, **asdict(found)})
    else:
        _print(found)


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
    shown = table()
    shown.show_header = False
    shown.add_column()
    shown.add_column(justify="right")
    for name, value in rows.items():
        shown.add_row(name, value)
    Console().print(shown)
