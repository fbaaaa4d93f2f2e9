"""mnema erase …"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Annotated

import typer

from bot.app.erasure import open_erasure
from bot.cli.starting import start
from bot.core.errors import NotFound
from bot.services.erasure import Receipt
from bot.services.reach import DEFAULT_APPLICATION, Caller
from bot.settings import Settings

_LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))


def erase(
    user_id: Annotated[str, typer.Argument(metavar="USER_ID", help="Digits mean a Telegram id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Forget a person altogether: what they said, answers to them, facts, documents. Others' words stay."""
    settings = start(logging.WARNING)
    if not yes:
        typer.confirm(f"Delete everything of {user_id} for good?", abort=True)
    try:
        receipt, clean = asyncio.run(_erase(settings, user_id))
    except NotFound as error:
        raise NotFound(f"There is no user {user_id}.") from error
    if as_json:
        typer.echo(json.dumps(receipt.as_row(), indent=2))
    else:
        _print(receipt)
    if not clean:
        typer.echo("The files are still being read: the running bot will clean them in a while.", err=True)


async def _erase(settings: Settings, user_id: str) -> tuple[Receipt, bool]:
    async with open_erasure(settings) as erasure:
        return await erasure.erase_named(_LOCAL, user_id), await erasure.scrub()


def _print(receipt: Receipt) -> None:
    for kind, count in receipt.removed.items():
        if count:
            typer.echo(f"{kind}: {count} deleted")
    if not receipt.backups:
        typer.echo("No backup holds anything of it.")
    for backup in receipt.backups:
        typer.echo(f"{backup.name} still holds it, until {backup.ends:%Y-%m-%d}")
