"""mnema context …"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from bot.app.inspecting import Assembled, Inspector, open_inspector
from bot.cli.common import AsJson, print_json, table, using
from bot.core.llm import Message

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
    as_json: AsJson = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Also the texts; this is noted.")] = False,
) -> None:
    """Show the context of a chat as it would be now, with the tokens of each layer."""

    async def assemble(inspector: Inspector) -> Assembled:
        built = await inspector.assemble(chat_id, user, topic)
        if reveal:
            await inspector.note_reveal(f"cli:{getpass.getuser()}", built.chat)
        return built

    built = using(open_inspector, assemble)
    if as_json:
        print_json(_plain(built, reveal=reveal))
    else:
        _print(built, reveal=reveal)


def _print(built: Assembled, *, reveal: bool) -> None:
    console, trace = Console(), built.trace
    console.print(Text(f"Chat {built.chat.external_id} ({built.chat.type}), for {built.asker.external_id}"))
    layers = table()
    layers.expand = True
    layers.add_column("layer", no_wrap=True)
    for name in ("tokens", "at most", "kept", "dropped"):
        layers.add_column(name, justify="right", no_wrap=True)
    layers.add_column("why", no_wrap=True)
    layers.add_column("items", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in trace.layers:
        counts = (str(row.tokens), str(row.allowed), str(len(row.kept)), str(len(row.dropped) or ""))
        layers.add_row(row.name, *counts, row.reason or "", Text(_named(row.kept)))
    console.print(layers)
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
