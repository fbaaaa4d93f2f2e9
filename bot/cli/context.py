"""mnema context …"""

from __future__ import annotations

import asyncio
import getpass
import json
import logging
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.inspecting import Assembled, open_inspector
from bot.cli.starting import start
from bot.core.llm import Message
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)

_NAMED = 4
"""Items of a layer that the table names."""


@app.callback()
def context() -> None:
    """What a reply would know."""


@app.command()
def show(
    chat_id: Annotated[str, typer.Argument(metavar="CHAT_ID", help="Telegram's id, or a session's.")],
    user: Annotated[str | None, typer.Option(help="For whom; without it for whoever asked last.")] = None,
    topic: Annotated[int | None, typer.Option(min=1, help="A topic of the group.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Also the texts; this is noted.")] = False,
) -> None:
    """Show the context of a chat as it would be now, with the tokens of each layer."""
    settings = start(logging.WARNING)
    built = asyncio.run(_assembled(settings, chat_id, user, topic, reveal=reveal))
    if as_json:
        typer.echo(json.dumps(_plain(built, reveal=reveal), indent=2, ensure_ascii=False))
    else:
        _print(built, reveal=reveal)


async def _assembled(
    settings: Settings, chat_id: str, user: str | None, topic: int | None, *, reveal: bool
) -> Assembled:
    async with open_inspector(settings) as inspector:
        built = await inspector.assemble(chat_id, user, topic)
        if reveal:
            await inspector.note_reveal(f"cli:{getpass.getuser()}", built.chat)
        return built


def _print(built: Assembled, *, reveal: bool) -> None:
    console, trace = Console(), built.trace
    console.print(Text(f"Chat {built.chat.external_id} ({built.chat.type}), for {built.asker.external_id}"))
    table = Table(box=box.SIMPLE, pad_edge=False, expand=True)
    table.add_column("layer", no_wrap=True)
    for name in ("tokens", "at most", "kept", "dropped"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", no_wrap=True)
    table.add_column("items", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in trace.layers:
        counts = (str(row.tokens), str(row.allowed), str(len(row.kept)), str(len(row.dropped) or ""))
        table.add_row(row.name, *counts, row.reason or "", Text(_named(row.kept)))
    console.print(table)
    console.print(Text(f"{trace.total} of {trace.ceiling} tokens. {' '.join(trace.notes)}".rstrip()))
    for message, tokens in zip(built.messages, built.tokens, strict=True):
        console.print(Text(f"\n── {message['role']} · {tokens} tokens", style="bold"))
        if reveal:
            console.print(Text(_text(message)))
    if not reveal:
        console.print(Text("\nTexts are hidden: --reveal shows them, and is noted.", style="dim"))


def _plain(built: Assembled, *, reveal: bool) -> dict[str, Any]:
    messages = [
        {"role": m["role"], "tokens": tokens, "content": m["content"] if reveal else None}
        for m, tokens in zip(built.messages, built.tokens, strict=True)
    ]
    return {
        "chat_id": built.chat.external_id,
        "chat_type": built.chat.type,
        "topic_id": built.chat.topic_id,
        "user_id": built.asker.external_id,
        "total": built.trace.total,
        "ceiling": built.trace.ceiling,
        "layers": built.trace.as_rows(),
        "notes": list(built.trace.notes),
        "tools": list(built.tools),
        "messages": messages,
        "revealed": reveal,
    }


def _named(items: Sequence[int | str]) -> str:
    shown = ", ".join(map(str, items[:_NAMED]))
    return f"{shown}, …" if len(items) > _NAMED else shown


def _text(message: Message) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or f"[{part.get('type')}]" for part in content)
