"""mnema memory …"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from bot.app.memory import open_memories
from bot.cli.common import LOCAL, AsJson, here, print_items, print_json, table, using
from bot.core.errors import Invalid, MnemaError
from bot.memory.gates import Refused
from bot.memory.kinds import KINDS
from bot.services.memory_desk import MOST, MemoryDesk, Named
from bot.services.memory_items import MemoryItem
from bot.services.memory_records import LONGEST_TTL, NewRecord
from bot.services.search import Found

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")

OfConversation = Annotated[
    str | None, typer.Option("--conversation", metavar="ID", help="Of a conversation, not of a user.")
]
OfHouse = Annotated[bool, typer.Option("--house", help="Of the house itself: its rules for all chats.")]


@app.callback()
def memory() -> None:
    """What is remembered: about a person, about a conversation, and the rules of the house."""


@app.command("list")
def list_memories(
    user_id: Annotated[
        str | None, typer.Argument(metavar="USER_ID", help="Digits mean a Telegram id.")
    ] = None,
    conversation: OfConversation = None,
    house: OfHouse = False,
    tag: Annotated[
        list[str] | None, typer.Option(help="With this tag; given again, with any of them.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show memories, the higher priority first, then the newer."""
    named, _ = _whose([] if user_id is None else [user_id], conversation, house=house)
    items = _run(named, lambda desk: desk.list(LOCAL, named, tag or (), limit))
    if as_json:
        print_items([_row(item) for item in items])
    elif items:
        _print(items)
    else:
        typer.echo("Nothing is remembered.")


@app.command()
def add(
    words: Annotated[
        list[str],
        typer.Argument(metavar="USER_ID TEXT", help="No USER_ID where an option names whose."),
    ],
    conversation: OfConversation = None,
    house: OfHouse = False,
    kind: Annotated[str, typer.Option(help=f"One of: {', '.join(KINDS)}.")] = "other",
    priority: Annotated[int, typer.Option(min=1, max=10, help="The higher one goes first.")] = 5,
    tag: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    ttl: Annotated[
        int | None, typer.Option(min=1, max=LONGEST_TTL, metavar="SECONDS", help="Forgotten after so long.")
    ] = None,
    pin: Annotated[bool, typer.Option("--pin", help="Never archived to make room.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remember something; what is known already is not kept twice. A user is made at first use."""
    named, text = _whose(words, conversation, house=house)
    if not text:
        raise typer.BadParameter("Say what is to be remembered.")
    new = NewRecord(" ".join(text), kind, priority, tag or (), ttl, pin)
    item = _run(named, lambda desk: desk.create(LOCAL, named, new))
    if as_json:
        print_json(_row(item))
    else:
        typer.echo(f"Remembered as {item.id}: {item.text}")


@app.command()
def forget(
    words: Annotated[
        list[str], typer.Argument(metavar="USER_ID ID", help="No USER_ID where an option names whose.")
    ],
    conversation: OfConversation = None,
    house: OfHouse = False,
) -> None:
    """Forget one memory of a user, of a conversation or of the house."""
    named, rest = _whose(words, conversation, house=house)
    if len(rest) != 1 or not (rest[0].isascii() and rest[0].isdigit() and int(rest[0]) < 2**63):
        raise typer.BadParameter("Name one memory by its number; `mnema memory list` shows them.")
    number = int(rest[0])
    unknown = f"{_called(named)} has no memory {number}."
    item = using(open_memories, lambda desk: desk.delete(LOCAL, number, named), unknown=unknown)
    typer.echo(f"Forgotten: {item.text}")


@app.command()
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="USER_ID QUERY", help="No USER_ID with --conversation.")
    ],
    conversation: OfConversation = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="With this tag; given again, with any of them.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find what fits of a user's messages, facts and documents, the best first."""
    named, text = _whose(words, conversation)
    if not text:
        raise typer.BadParameter("Say what is looked for.")
    found = _run(named, lambda desk: desk.query(LOCAL, " ".join(text), named, tags=tag or (), limit=limit))
    if as_json:
        print_items([_hit(one) for one in found])
    elif found:
        _print_found(found)
    else:
        typer.echo("Nothing fits.")


def _whose(
    words: Sequence[str], conversation: str | None, *, house: bool = False
) -> tuple[Named, Sequence[str]]:
    """Whom the words are about, and those behind it; an option that names whose leaves no USER_ID."""
    if conversation is not None and house:
        raise typer.BadParameter("A conversation or the house, not both.")
    if conversation is not None or house:
        return Named(conversation_id=conversation), words
    if not words:
        raise typer.BadParameter("Whose? Name a USER_ID, --conversation ID or --house.")
    return Named(user_id=words[0]), words[1:]


def _run(named: Named, work: Callable[[MemoryDesk], Awaitable[T]]) -> T:
    unknown = (
        f"There is no user {named.user_id}."
        if named.user_id is not None
        else f"There is no conversation {named.conversation_id}."
    )
    try:
        return using(open_memories, work, unknown=unknown)
    except (Invalid, Refused) as error:
        told = str(error)
        sentence = f"{told[:1].upper()}{told[1:]}."
        if isinstance(error, Refused) and error.reason != "kind":
            raise MnemaError(sentence) from error
        raise typer.BadParameter(sentence) from None


def _called(named: Named) -> str:
    if named.user_id is not None:
        return f"User {named.user_id}"
    return "The house" if named.conversation_id is None else f"Conversation {named.conversation_id}"


def _row(item: MemoryItem) -> dict[str, Any]:
    return {
        "id": item.id, "text": item.text, "kind": item.kind, "priority": item.priority,
        "tags": list(item.tags), "pinned": item.pinned, "origin": item.origin, "said_at": item.said_at,
        "expires_at": item.expires_at,
    }  # fmt: skip


def _hit(found: Found) -> dict[str, Any]:
    return {
        "type": found.type, "id": found.key, "text": found.text, "score": round(found.score, 4),
        "source": found.source, "created_at": found.created_at,
    }  # fmt: skip


def _print(items: Sequence[MemoryItem]) -> None:
    shown = table("id", "kind")
    shown.add_column("priority", justify="right")
    for name in ("text", "tags", "said", "until"):
        shown.add_column(name, no_wrap=name in ("said", "until"))
    for item in items:
        until = "pinned" if item.pinned else ""
        until = here(item.expires_at) if item.expires_at is not None else until
        shown.add_row(
            str(item.id), item.kind, str(item.priority), Text(item.text), Text(", ".join(item.tags)),
            here(item.said_at), until,
        )  # fmt: skip
    Console().print(shown)


def _print_found(found: Sequence[Found]) -> None:
    shown = table("score", "what", "text", "source", "said")
    shown.columns[-1].no_wrap = True
    for one in found:
        cells = (f"{one.score:.2f}", one.type, Text(one.text), Text(one.source, overflow="ellipsis"))
        shown.add_row(*cells, here(one.created_at))
    Console().print(shown)
