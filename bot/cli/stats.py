"""mnema stats …"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console

from bot.app.statistics import open_statistics
from bot.cli.common import LOCAL, AsJson, UserId, print_json, table, using
from bot.core.llm import Used
from bot.services.instance_statistics import InstanceStatistics
from bot.services.statistics import UserStatistics

app = typer.Typer(no_args_is_help=True)


@app.callback()
def stats() -> None:
    """Numbers of what is kept."""


@app.command()
def user(user_id: UserId, as_json: AsJson = False) -> None:
    """Show a user's dialogues, messages, average relevance and response time, tokens and cost."""
    found = using(
        open_statistics, lambda both: both[0].of(LOCAL, user_id), unknown=f"There is no user {user_id}."
    )
    if as_json:
        print_json({"user_id": user_id, **asdict(found)})
    else:
        _print_rows(_rows(found))


@app.command()
def instance(as_json: AsJson = False) -> None:
    """Show everybody's dialogues, messages, averages, tokens and cost, by model and purpose."""
    found = using(open_statistics, lambda both: both[1].whole(LOCAL))
    if as_json:
        print_json(_plain(found))
        return
    memories = ", ".join(f"{count} {subject}" for subject, count in found.memories.items())
    rows = {"users": str(found.everybody.users), **_rows(found.everybody.numbers), "memories": memories}
    _print_rows(rows | {"storage": f"{found.storage_bytes / 1_000_000:.1f} MB"})
    for title, sums in (("model", found.models), ("purpose", found.purposes)):
        if sums:
            _print_sums(title, sums)
    if found.popular_topics:
        typer.echo("Popular topics: " + ", ".join(topic.word for topic in found.popular_topics))


def _plain(found: InstanceStatistics) -> dict[str, Any]:
    """As GET /api/v1/stats tells it."""
    return {
        **asdict(found.everybody.numbers),
        "users": found.everybody.users,
        "memories": dict(found.memories),
        "storage_bytes": found.storage_bytes,
        "popular_topics": [{"topic": t.word, "messages": t.messages} for t in found.popular_topics],
        "models": [{"model": name, **asdict(used)} for name, used in found.models.items()],
        "purposes": [{"purpose": name, **asdict(used)} for name, used in found.purposes.items()],
        "days": [{"day": day.isoformat(), **asdict(used)} for day, used in found.days],
    }


def _rows(found: UserStatistics) -> dict[str, str]:
    relevance, seconds = found.relevance, found.response_seconds
    return {
        "dialogues": str(found.dialogues),
        "active": str(found.active),
        "messages": str(found.messages),
        "average relevance": "–" if relevance is None else f"{relevance:.0%}",
        "average response time": "–" if seconds is None else f"{seconds:.1f} s",
        "tokens in": str(found.prompt_tokens),
        "tokens out": str(found.completion_tokens),
        "cost": f"${found.cost:.4f}",
    }


def _print_rows(rows: Mapping[str, str]) -> None:
    shown = table()
    shown.show_header = False
    shown.add_column()
    shown.add_column(justify="right")
    for name, value in rows.items():
        shown.add_row(name, value)
    Console().print(shown)


def _print_sums(title: str, sums: Mapping[str, Used]) -> None:
    shown = table(title)
    for name in ("calls", "answers", "tokens in", "tokens out", "cost"):
        shown.add_column(name, justify="right")
    for name, used in sums.items():
        counts = (used.calls, used.answers, used.prompt_tokens, used.completion_tokens)
        shown.add_row(name, *map(str, counts), f"${used.cost:.4f}")
    Console().print(shown)
