"""mnema erase …"""

from __future__ import annotations

from typing import Annotated

import typer

from bot.app.erasure import open_erasure
from bot.cli.common import LOCAL, AsJson, UserId, print_json, quietly, using
from bot.services.erasure import Erasure, Receipt


def erase(
    user_id: UserId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a person altogether: what they said, answers to them, facts, documents. Others' words stay."""
    settings = quietly()
    if not yes:
        typer.confirm(f"Delete everything of {user_id} for good?", abort=True)

    async def forget(erasure: Erasure) -> tuple[Receipt, bool]:
        return await erasure.erase_named(LOCAL, user_id), await erasure.scrub()

    receipt, clean = using(open_erasure, forget, unknown=f"There is no user {user_id}.", settings=settings)
    if as_json:
        print_json(receipt.as_row())
    else:
        _print(receipt)
    if not clean:
        typer.echo("The files are still being read: the running bot will clean them in a while.", err=True)


def _print(receipt: Receipt) -> None:
    for kind, count in receipt.removed.items():
        if count:
            typer.echo(f"{kind}: {count} deleted")
    if not receipt.backups:
        typer.echo("No backup holds anything of it.")
    for backup in receipt.backups:
        typer.echo(f"{backup.name} still holds it, until {backup.ends:%Y-%m-%d}")
