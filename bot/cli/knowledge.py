"""mnema knowledge …"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from bot.app.knowledge import open_knowledge
from bot.cli.common import LOCAL, AsJson, UserId, print_items, print_json, table, using, utc
from bot.services.document_owners import Whose, of_caller
from bot.services.knowledge import DocumentItem, Found, Knowledge

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")

_MOST = 1000


@app.callback()
def knowledge() -> None:
    """Documents of a person: they serve that person's private chat and sessions only."""


@app.command()
def add(
    user_id: UserId,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="PDF, DOCX, HTML, text …")
    ],
    as_json: AsJson = False,
) -> None:
    """Read a file and keep it."""
    data, mime = file.read_bytes(), mimetypes.guess_type(file.name)[0]

    async def work(kept: Knowledge, whose: Whose) -> Mapping[str, Any]:
        with Console(stderr=True).status(f"Reading {file.name} …"):
            added = await kept.add_file(whose, file.name, mime, data)
        return _row(added.item) | {"known": added.known}

    row = _run(user_id, work)
    if as_json:
        print_json(row)
        return
    verb = "is known already" if row["known"] else "is read"
    typer.echo(f"{row['title']} {verb}: document {row['id']}, {row['passages']} passages.")


@app.command("list")
def list_documents(user_id: UserId, as_json: AsJson = False) -> None:
    """Show a person's documents, newest first."""
    items = _run(user_id, lambda kept, whose: kept.entries(whose, _MOST))
    if as_json:
        print_items([_row(item) for item in items])
    elif items:
        _print(items)
    else:
        typer.echo("There are no documents yet.")


@app.command()
def delete(user_id: UserId, document_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Delete a document with everything that was made of it."""
    item = _run(user_id, lambda kept, whose: kept.delete(whose, document_id))
    typer.echo(f"{item.title} is deleted.")


@app.command()
def search(
    user_id: UserId,
    query: Annotated[list[str], typer.Argument(help="What is looked for.")],
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    min_score: Annotated[float, typer.Option(min=0, max=1, help="From 0 to 1.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Find the passages that fit a question."""
    found = _run(user_id, lambda kept, whose: kept.search(whose, " ".join(query), limit, min_score))
    if as_json:
        print_items([_hit(hit) for hit in found])
        return
    if not found:
        typer.echo("Nothing fits.")
    for hit in found:
        Console().print(Text(f"{hit.score:.2f} ", style="dim"), Text(hit.passage.cited), sep="")


def _run(user_id: str, work: Callable[[Knowledge, Whose], Awaitable[T]]) -> T:
    return using(
        open_knowledge,
        lambda kept: work(kept, of_caller(LOCAL, user_id)),
        unknown=f"There is no such user or document of {user_id}.",
    )


def _row(item: DocumentItem) -> dict[str, Any]:
    return {
        "id": item.id, "title": item.title, "mime": item.mime, "size": item.size,
        "passages": item.passages, "added_at": utc(item.added_at),
    }  # fmt: skip


def _hit(hit: Found) -> dict[str, Any]:
    view = hit.passage
    return {
        "document_id": view.document_id, "title": view.title, "page": view.page, "heading": view.heading,
        "text": view.text, "score": round(hit.score, 4),
    }  # fmt: skip


def _print(items: Sequence[DocumentItem]) -> None:
    shown = table("id", "title", "kind", "size", "passages", "added")
    for item in items:
        size = f"{item.size / 1024:.0f} kB" if item.size >= 1024 else f"{item.size} B"
        added = f"{item.added_at:%Y-%m-%d %H:%M}"
        shown.add_row(
            str(item.id), Text(item.title, overflow="ellipsis"), item.mime, size, str(item.passages), added
        )
    Console().print(shown)
