"""mnema conversation …"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app.conversations import Talks, open_talks
from bot.cli import transfer
from bot.cli.starting import start
from bot.core.errors import NotFound
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.services.session_values import ChatSession, SessionMessage, z

app = typer.Typer(no_args_is_help=True)
app.command("export")(transfer.conversation)

T = TypeVar("T")

UserId = Annotated[str, typer.Argument(metavar="USER_ID", help="Digits mean a Telegram id.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="A conversation's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))


@app.callback()
def conversation() -> None:
    """What people talked with the bot: private conversations and sessions of applications."""


@app.command("list")
def list_conversations(
    user_id: UserId,
    status: Annotated[Literal["active", "archived"] | None, typer.Option(help="These alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show a person's conversations, the last used first."""
    found = _run(
        lambda talks: talks.sessions.of_user(_LOCAL, user_id, status, 0, limit),
        f"There is no user {user_id}.",
    )
    if as_json:
        typer.echo(_json({"items": [_plain(one) for one in found], "count": len(found)}))
    elif found:
        _print(found)
    else:
        typer.echo("There are no conversations.")


@app.command()
def show(
    conversation_id: Id,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many of the last messages.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show a conversation with its last messages."""

    async def look(talks: Talks) -> tuple[ChatSession, list[SessionMessage]]:
        session = await talks.sessions.get(_LOCAL, conversation_id)
        return session, await talks.sessions.messages(_LOCAL, conversation_id, limit)

    session, messages = _run(look, f"There is no conversation {conversation_id}.")
    if as_json:
        typer.echo(_json(_plain(session) | {"messages": [_message(one) for one in messages]}))
        return
    console = Console()
    console.print(Text(f"{session.title or 'Untitled'}", style="bold"))
    console.print(Text(f"{session.status}, {session.message_count} messages, of user {session.user_id}\n"))
    for one in messages:
        console.print(Text(f"{_local(one.created_at)} {one.message_type}: ", style="dim"), end="")
        console.print(Text(one.content or f"[{one.content_type}]"))


@app.command()
def clear(
    user_id: UserId,
    chat_id: Annotated[str, typer.Argument(metavar="CHAT_ID", help="Telegram's id of the chat.")],
    topic: Annotated[int | None, typer.Option(min=1, help="A topic of the group.")] = None,
) -> None:
    """Archive what was talked in a chat and start anew; nothing reaches behind it, facts stay."""
    done = _run(
        lambda talks: talks.conversations.clear_of(user_id, chat_id, topic),
        f"There is no user {user_id}, or no chat {chat_id}.",
    )
    typer.echo("Cleared." if done else "There was nothing to clear.")


@app.command()
def archive(conversation_id: Id) -> None:
    """Archive a conversation."""
    done = _run(
        lambda talks: talks.sessions.deactivate(_LOCAL, conversation_id),
        f"There is no conversation {conversation_id}.",
    )
    typer.echo(f"Archived: {done.title or done.id}.")


def _run(work: Callable[[Talks], Awaitable[T]], unknown: str) -> T:
    settings = start(logging.WARNING)

    async def run() -> T:
        async with open_talks(settings) as talks:
            return await work(talks)

    try:
        return asyncio.run(run())
    except NotFound as error:
        raise NotFound(unknown) from error


def _print(found: Sequence[ChatSession]) -> None:
    table = Table("id", "title", "status", box=box.SIMPLE, pad_edge=False)
    table.add_column("messages", justify="right")
    table.add_column("last message")
    for one in found:
        last = _local(one.last_message_at) if one.last_message_at is not None else ""
        table.add_row(
            one.id, Text(one.title or "", overflow="ellipsis"), one.status, str(one.message_count), last
        )
    Console().print(table)


def _plain(one: ChatSession) -> dict[str, Any]:
    return {
        "id": one.id, "user_id": one.user_id, "title": one.title, "metadata": one.metadata,
        "status": one.status, "is_active": one.is_active, "message_count": one.message_count,
        "created_at": z(one.created_at), "updated_at": z(one.updated_at),
        "last_message_at": z(one.last_message_at),
    }  # fmt: skip


def _message(one: SessionMessage) -> dict[str, Any]:
    return {
        "id": one.id, "message_type": one.message_type.value, "content": one.content,
        "content_type": one.content_type, "response_to": one.response_to, "metadata": one.metadata,
        "created_at": z(one.created_at),
    }  # fmt: skip


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
