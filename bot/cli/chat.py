"""mnema chat: the same flow in the terminal."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from bot.app.terminal import TerminalSession, open_terminal
from bot.cli.starting import start
from bot.core.messages import ChatRef, Incoming, Person, Reply
from bot.settings import Settings
from bot.telegram.i18n import translator
from bot.telegram.wording import footer_lines

QUIT = {"/quit", "/exit", "/q"}


def chat(
    message: Annotated[list[str] | None, typer.Argument(help="Say this and leave; without it, talk.")] = None,
    user: Annotated[str, typer.Option(help="Who is talking: the memory belongs to this name.")] = "",
) -> None:
    """Talk with the bot in the terminal, with the same memory rules as everywhere."""
    settings = start(logging.WARNING)
    name = user or getpass.getuser()
    person = Person(external_id=name, first_name=name, platform="cli")
    asyncio.run(_talk(settings, person, " ".join(message or [])))


async def _talk(settings: Settings, person: Person, once: str) -> None:
    console = Console()
    async with open_terminal(settings, person) as session:
        if once:
            await _exchange(console, session, person, once)
            return
        console.print(f"[dim]{session.model} · /new starts anew, /quit leaves[/dim]")
        while (line := await asyncio.to_thread(_ask)) is not None:
            if line in QUIT:
                return
            if line == "/new":
                await session.start_new()
                console.print("[dim]A new conversation. What you told me about yourself stays.[/dim]")
            elif line:
                await _exchange(console, session, person, line)


def _ask() -> str | None:
    try:
        return input("you › ").strip()
    except (EOFError, KeyboardInterrupt):
        return None


async def _exchange(console: Console, session: TerminalSession, person: Person, text: str) -> None:
    incoming = Incoming(
        key=f"cli:{uuid.uuid4()}",
        chat=ChatRef(external_id=person.external_id, type="private", platform="cli"),
        external_id=uuid.uuid4().hex,
        sent_at=datetime.now(UTC),
        sender=person,
        text=text,
        addressed="private",
    )
    with Live(Text("…", style="dim"), console=console, refresh_per_second=12, transient=True) as live:
        reply = await session.say(incoming, lambda so_far: live.update(Markdown(so_far)))
    _print(console, reply)


def _print(console: Console, reply: Reply) -> None:
    t = translator(os.environ.get("LC_ALL") or os.environ.get("LANG"))
    if reply.text.strip():
        console.print(Markdown(reply.text) if sys.stdout.isatty() else Text(reply.text))
    for line in footer_lines(reply, t):
        console.print(Text(line, style="red" if reply.failed else "dim italic"))
