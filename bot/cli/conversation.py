"""mnema conversation …"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from bot.app.conversations import Talks, open_talks
from bot.cli import transfer
from bot.cli.common import LOCAL, AsJson, UserId, here, print_items, print_json, table, using
from bot.services.session_values import ChatSession, SessionMessage, z

app = typer.Typer(no_args_is_help=True)
app.command("export")(transfer.conversation)

T = TypeVar("T")

Id = Annotated[str, typer.Argument(metavar="ID", help="A conversation's id.")]


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
        lambda talks: talks.sessions.of_user(LOCAL, user_id, status, 0, limit),
        f"There is no user {user_id}.",
    )
    if as_json:
        print_items([_plain(one) for one in found])
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
        session = await talks.sessions.get(LOCAL, conversation_id)
        return session, await talks.sessions.messages(LOCAL, conversation_id, limit)

    session, messages = _run(look, f"There is no conversation {conversation_id}.")
    if as_json:
        print_json(_plain(session) | {"messages": [_message(one) for one in messages]})
        return
    console = Console()
    console.print(Text(f"{session.title or 'Untitled'}", style="bold"))
    console.print(Text(f"{session.status}, {session.message_count} messages, of user {session.user_id}\n"))
    for one in messages:
        console.print(Text(f"{here(one.created_at)} {one.message_type}: ", style="dim"), end="")
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
        lambda talks: talks.sessions.deactivate(LOCAL, conversation_id),
        f"There is no conversation {conversation_id}.",
    )
    typer.echo(f"Archived: {done.title or done.id}.")


def _run(work: Callable[[Talks], Awaitable[T]], unknown: str) -> T:
    return using(open_talks, work, unknown=unknown)


def _print(found: Sequence[ChatSession]) -> None:
    shown = table("id", "title", "status")
    shown.columns[0].no_wrap = True  # it is to be copied
    shown.add_column("messages", justify="right")
    shown.add_column("last message")
    for one in found:
        last = here(one.last_message_at) if one.last_message_at is not None else ""
        shown.add_row(
            one.id, Text(one.title or "", overflow="ellipsis"), one.status, str(one.message_count), last
        )
    Console().print(shown)


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
