"""mnema eval …"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from bot.app.evalsets import Talk, locomo, longmemeval
from bot.app.evaluating import evaluate
from bot.cli.common import AsJson, print_json, quietly, table
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)

_CATEGORY_WIDTH, _TABLE_WIDTH = 25, 104


@app.callback()
def evaluation() -> None:
    """Measure the product on data with known answers."""


@app.command()
def recall(
    locomo_file: Annotated[
        Path | None, typer.Option("--locomo", exists=True, dir_okay=False, help="A LoCoMo file.")
    ] = None,
    longmemeval_file: Annotated[
        Path | None, typer.Option("--longmemeval", exists=True, dir_okay=False, help="A LongMemEval file.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many conversations.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the recall layer questions about stored conversations; no model takes part."""
    if (locomo_file is None) == (longmemeval_file is None):
        raise typer.BadParameter("Name one file, by --locomo or by --longmemeval.")
    talks = locomo(locomo_file) if locomo_file else longmemeval(longmemeval_file or Path())
    report = _measured(talks[:limit], quietly(), quiet=as_json)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _measured(talks: Sequence[Talk], settings: Settings, *, quiet: bool) -> dict[str, Any]:
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("Conversations", total=len(talks))
        return asyncio.run(evaluate(talks, settings, lambda: progress.advance(task)))


def _print(report: dict[str, Any]) -> None:
    heads = [*(f"R@{k}" for k in report["recall"]), *(f"@{budget}" for budget in report["coverage"])]
    shown = table("", "n", *heads)
    shown.columns[0].min_width = _CATEGORY_WIDTH
    for column in shown.columns[1:]:
        column.justify = "right"
    shown.add_row(
        "all", str(report["questions"]), *_row(report["recall"].values(), report["coverage"].values())
    )
    for category, row in report["by_category"].items():
        figures = (
            [row[f"recall@{k}"] for k in report["recall"]],
            [row[f"coverage@{b}"] for b in report["coverage"]],
        )
        shown.add_row(category, str(row["questions"]), *_row(*figures))
    console = Console(width=max(Console().width, _TABLE_WIDTH))
    console.print(shown)
    for name, share in report.get("sessions", {}).items():
        console.print(f"sessions {name}: {share:.3f}")
    latency = report["latency_ms"]
    console.print(f"a search: {latency['p50']:.1f} ms (p50), {latency['p95']:.1f} ms (p95)")


def _row(recall: Iterable[float], coverage: Iterable[float]) -> list[str]:
    return [f"{share:.3f}" for share in (*recall, *coverage)]
