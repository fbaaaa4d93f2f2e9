"""mnema export …, mnema import …"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from bot.app.transfer import open_exports
from bot.cli.common import LOCAL, UserId, using
from bot.core.errors import MnemaError
from bot.services.transfer.exporting import Exports, Records
from bot.services.transfer.writing import write

export_app = typer.Typer(no_args_is_help=True)

Format = Annotated[Literal["json", "jsonl", "md", "html"], typer.Option("--format", "-f")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")]


@export_app.callback()
def export() -> None:
    """Take along a conversation, a person's everything, or the whole instance. Keys are never in it."""


@export_app.command()
def user(
    user_id: UserId,
    format_: Format = "json",
    output: Output = None,
) -> None:
    """Export everything of a person."""
    _export(lambda exports: exports.of_user(LOCAL, user_id), format_, output)


@export_app.command()
def conversation(
    conversation_id: Annotated[str, typer.Argument(metavar="ID")],
    format_: Format = "json",
    output: Output = None,
) -> None:
    """Export one conversation."""
    _export(lambda exports: exports.of_conversation(LOCAL, conversation_id), format_, output)


@export_app.command()
def instance(output: Output = None) -> None:
    """Export all there is, as JSON lines."""

    async def everything(exports: Exports) -> Records:
        return exports.of_instance()

    _export(everything, "jsonl", output)


def _export(
    source: Callable[[Exports], Awaitable[Records]],
    format_: Literal["json", "jsonl", "md", "html"],
    output: Path | None,
) -> None:

    async def written(exports: Exports) -> None:
        await _write(write(await source(exports), format_), output)

    try:
        using(open_exports, written, unknown="There is no such user or conversation.")
    except OSError as error:
        raise MnemaError(f"{output or 'the output'} cannot be written: {error.strerror}.") from error


async def _write(text: AsyncIterator[str], output: Path | None) -> None:
    """To the file, whole or not at all, readable by its owner alone; else to the terminal."""
    if output is None:
        async for piece in text:
            sys.stdout.write(piece)
        return
    draft = output.with_name(f"{output.name}.part")
    size = 0
    try:
        with Console(stderr=True).status("Exporting …") as status:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                async for piece in text:
                    size += file.write(piece)
                    status.update(f"Exporting … {size / 1e6:.1f} MB")
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
    typer.echo(f"{output} is written.", err=True)
