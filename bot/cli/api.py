"""mnema api …"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from bot.app.keys import open_keys
from bot.cli.common import AsJson, print_items, print_json, table, using
from bot.core.errors import Invalid, MnemaError
from bot.services.api_keys import ApiKeys, KeyLine
from bot.services.reach import DEFAULT_APPLICATION

app = typer.Typer(no_args_is_help=True)
key_app = typer.Typer(no_args_is_help=True)
app.add_typer(key_app, name="key", help="Keys: create, list, revoke.")

T = TypeVar("T")


@app.callback()
def api() -> None:
    """The HTTP API: its document and its keys."""


@key_app.callback()
def key() -> None:
    """Keys of applications; a running bot takes changes up at once."""


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """Print the OpenAPI document."""
    from bot.app.api import api_document

    text = json.dumps(api_document(), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise MnemaError(f"{output} cannot be written: {error.strerror}.") from error


@key_app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, for people.")],
    application: Annotated[
        str, typer.Option("--application", "-a", help="Whose users and conversations it reaches.")
    ] = DEFAULT_APPLICATION,
    scopes: Annotated[str, typer.Option(help="read, write, admin, comma-separated.")] = "read,write",
    user: Annotated[
        str | None, typer.Option(help="Bind it to one person; digits mean a Telegram id.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36500, help="Days until it expires.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    made = _with_keys(lambda keys: keys.create(name, application, wanted, user, expires))
    if as_json:
        print_json({"key": made.token, **_row(made.line)})
        return
    typer.echo(made.token)
    typer.echo("Keep it now: it is stored as a hash and cannot be shown again.", err=True)


@key_app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Show the keys, never their secrets."""
    lines = _with_keys(lambda keys: keys.list())
    if as_json:
        print_items([_row(line) for line in lines])
    elif lines:
        _print(lines)
    else:
        typer.echo("There are no keys yet: `mnema api key create NAME` makes one.")


@key_app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key's id, or the part behind mn_.")],
) -> None:
    """End a key for good; a running bot refuses it from the next request on."""
    line = _with_keys(lambda keys: keys.revoke(key))
    typer.echo(f"Key {line.id} ({line.name}) is revoked.")


def _with_keys(work: Callable[[ApiKeys], Awaitable[T]]) -> T:
    try:
        return using(open_keys, work)
    except Invalid as error:
        raise typer.BadParameter(str(error), param_hint=error.params.get("field")) from None


def _row(line: KeyLine) -> dict[str, object]:
    return {**asdict(line), "scopes": list(line.scopes)}


def _print(lines: Sequence[KeyLine]) -> None:
    shown = table("id", "name", "application", "key", "scopes", "user", "last used", "state")
    now = datetime.now(UTC)
    for line in lines:
        state = _state(line, now)
        style = "" if state == "valid" or state.startswith("until") else "red"
        used = "never" if line.last_used_at is None else f"{line.last_used_at:%Y-%m-%d %H:%M}"
        shown.add_row(
            str(line.id), Text(line.name), line.application, f"mn_{line.prefix}_…", ", ".join(line.scopes),
            Text(line.user or "any of its own"), used, Text(state, style=style),
        )  # fmt: skip
    Console().print(shown)


def _state(line: KeyLine, now: datetime) -> str:
    if line.revoked_at is not None:
        return "revoked"
    if line.expires_at is None:
        return "valid"
    return "expired" if line.expires_at <= now else f"until {line.expires_at:%Y-%m-%d}"
