"""mnema import …"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot.app.transfer import Bringing, former_database, open_imports
from bot.cli.common import AsJson, print_json, quietly
from bot.core.errors import Invalid, MnemaError

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


class Told(Protocol):
    """Shows how far it came."""

    def __call__(self, at: int, what: str = "", /) -> None:
        """At so much of the total; `what` is done so far."""
        ...


@app.callback()
def importing() -> None:
    """Bring in what was said elsewhere; whatever is there already changes nothing."""


@app.command()
def own(file: File, as_json: AsJson = False) -> None:
    """Import an export of Mnema: of a user, a conversation or an instance (JSON or JSON lines)."""

    async def work(ways: Bringing, told: Told) -> dict[str, Any]:
        with file.open("rb") as source:
            return dict((await ways.own.read(source, told)).added)

    _run(work, file.stat().st_size, as_json)


@app.command()
def telegram(file: File, as_json: AsJson = False) -> None:
    """Import result.json of Telegram Desktop: one chat or all of them."""

    async def work(ways: Bringing, told: Told) -> dict[str, Any]:
        async def counted(at: int, messages: int) -> None:
            told(at, f"{messages:,} messages")

        with file.open("rb") as source:
            done = await ways.telegram.read(source, counted)
        return {
            "messages": done.added, "known already": done.known, "seen by the bot itself": done.later,
            "of erased persons, left out": done.erased, "chats": len(done.chats),
        }  # fmt: skip

    _run(work, file.stat().st_size, as_json)


@app.command()
def legacy(
    database_url: Annotated[str, typer.Argument(metavar="DATABASE_URL")], as_json: AsJson = False
) -> None:
    """Import the old schema: messages(id, user_id, chat_id, message_id, text, metadata)."""

    async def work(ways: Bringing, told: Told) -> dict[str, Any]:
        done = await ways.legacy.read(
            former_database(database_url), lambda at, of: told(at * 1000 // max(of, 1))
        )
        return {"messages": done.added, "rows read": done.read}

    _run(work, 1000, as_json)


def _run(work: Callable[[Bringing, Told], Awaitable[dict[str, Any]]], total: int, as_json: bool) -> None:
    settings = quietly()
    columns = (
        TextColumn("Importing"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    began = time.monotonic()

    async def run() -> dict[str, Any]:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("import", total=total, what="")
            async with open_imports(settings) as ways:

                def told(at: int, what: str = "", /) -> None:
                    progress.update(task, completed=at, what=what)

                return await work(ways, told)

    try:
        done = asyncio.run(run())
    except Invalid as error:
        raise MnemaError(f"Nothing can be imported: {error}.") from error
    seconds = time.monotonic() - began
    if as_json:
        print_json({**done, "seconds": round(seconds, 2)})
        return
    for kind, count in done.items():
        if count:
            typer.echo(f"{kind}: {count}")
    if not any(done.values()):
        typer.echo("There was nothing new in it.")
    if done.get("messages"):
        typer.echo(f"{done['messages'] / seconds:.0f} messages a second")
