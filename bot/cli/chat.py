"""mnema chat: the same flow in the terminal."""

from __future__ import annotations

import getpass
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from bot.app.terminal import Said, TerminalSession, open_terminal
from bot.cli.looping import Loop, loop_in_thread
from bot.cli.starting import start
from bot.core.errors import Invalid, MnemaError
from bot.core.messages import Reply
from bot.core.text import one_line
from bot.settings import Settings
from bot.telegram.i18n import Translator, translator
from bot.telegram.wording import footer_lines

QUIT = ("/quit", "/exit", "/q")

_TITLE_LIMIT = 200
_PROMPT = "you › "


def chat(
    message: Annotated[
        list[str] | None, typer.Argument(help="Say this and leave; - reads it from the input. Without: talk.")
    ] = None,
    user: Annotated[
        str,
        typer.Option(help="Who is talking; digits mean a Telegram id. Without: your name here."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One question, its answer for programs.")] = False,
) -> None:
    """Talk with the bot in the terminal, with the same memory rules as everywhere, also while it runs.

    Ctrl-C stops an answer; /new [TITLE] and /clear begin another conversation; /quit leaves.
    """
    settings = start(logging.WARNING)
    text = " ".join(message or [])
    if text == "-" or (as_json and not text):
        text = sys.stdin.read()
        if not text.strip():
            raise Invalid("There is nothing in the input to say.")
    talk(settings, user or getpass.getuser(), text, as_json=as_json)


def talk(settings: Settings, user: str, once: str, *, as_json: bool = False) -> None:
    """Talk until the input ends, or say one thing. Raises MnemaError when that one has no answer."""
    t = translator(os.environ.get("LC_ALL") or os.environ.get("LANG"))
    with (
        _leaving_on_signals(),
        loop_in_thread() as loop,
        loop.entered(open_terminal(settings, user)) as session,
    ):
        terminal = _Terminal(loop, session, t, Console(), Console(stderr=True))
        if once:
            terminal.once(once, as_json=as_json)
        else:
            terminal.talk()


@dataclass(frozen=True, slots=True)
class _Terminal:
    """One person at the keyboard, or a program in their place."""

    loop: Loop
    session: TerminalSession
    t: Translator
    console: Console
    aside: Console

    def once(self, text: str, *, as_json: bool) -> None:
        """Say one thing."""
        self._tell_left_over()
        said = self._said(text, quiet=as_json)
        if said.reply.failed:
            raise MnemaError("\n".join(footer_lines(said.reply, self.t)))
        if as_json:
            sys.stdout.write(json.dumps(_as_values(said), ensure_ascii=False, indent=2) + "\n")
        else:
            self._print(said.reply)

    def talk(self) -> None:
        """Lines in, answers out, until the input ends."""
        if sys.stdin.isatty():
            beside = " · beside the running bot" if self.session.beside else ""
            self.console.print(f"[dim]{self.session.model}{beside} · /new starts anew, /quit leaves[/dim]")
        self._tell_left_over()
        while (line := _ask()) is not None and line not in QUIT:
            command, _, rest = line.partition(" ")
            if command == "/new":
                self._start_new(one_line(rest, _TITLE_LIMIT))
            elif line == "/clear":
                self._clear()
            elif line:
                self._print(self._said(line).reply)

    def _said(self, text: str, *, quiet: bool = False) -> Said:
        say = self.session.say
        if quiet or not self.console.is_terminal:
            return self._answered(self.loop.start(say(text, lambda _: None)))
        waiting = Text("…", style="dim")
        with Live(waiting, console=self.console, refresh_per_second=12, transient=True) as live:
            return self._answered(self.loop.start(say(text, lambda so_far: live.update(Markdown(so_far)))))

    def _start_new(self, title: str) -> None:
        done, t = self.loop.run(self.session.start_new(title or None)), self.t
        began = t("A new conversation: {title}.", title=title) if title else t("A new conversation.")
        kept = t("The one before is archived; what you told me about yourself stays.")
        self._note(f"{began} {kept}" if done else began)

    def _clear(self) -> None:
        done, t = self.loop.run(self.session.clear()), self.t
        cleared = t(
            "Cleared: I answer without what was said here before. It is kept, and so is what I remember."
        )
        self._note(cleared if done else t("There is nothing to clear: this conversation is empty."))

    def _answered(self, saying: Future[Said]) -> Said:
        """Wait for an exchange; the first Ctrl-C stops the answer, another one leaves."""
        try:
            return saying.result()
        except KeyboardInterrupt:
            self.loop.run(self.session.stop())
        return saying.result()

    def _print(self, reply: Reply) -> None:
        if reply.text.strip() and self.console.is_terminal:
            self.console.print(Markdown(reply.text))
        elif reply.text.strip():
            self._line(reply.text)
        for line in footer_lines(reply, self.t):
            self._line(line, "red" if reply.failed else "dim italic")

    def _note(self, text: str) -> None:
        self._line(text, "dim")

    def _line(self, text: str, style: str = "") -> None:
        # A program that reads along gets lines as they are, not broken at a width.
        self.console.print(Text(text, style=style), soft_wrap=not self.console.is_terminal)

    def _tell_left_over(self) -> None:
        for left in self.loop.run(self.session.left_over()):
            asked = f"{left.asked_at.astimezone():%Y-%m-%d %H:%M}, “{left.question}”"
            if left.answered:
                self._aside(f"Answered after the terminal was closed ({asked}):")
                self._aside("\n".join([left.reply.text, *footer_lines(left.reply, self.t)]).strip())
            else:
                self._aside(f"Left without an answer ({asked}): ask it again if you still want one.")

    def _aside(self, text: str) -> None:
        self.aside.print(Text(text, style="dim"), soft_wrap=not self.aside.is_terminal)


def _ask() -> str | None:
    """The next line; None at the end of the input."""
    try:
        if sys.stdin.isatty():
            return input(_PROMPT).strip()
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        return None
    return line.strip() if line else None


def _as_values(said: Said) -> dict[str, Any]:
    answer = said.answer
    return {
        "answer": answer.text,
        "conversation_id": answer.conversation_id,
        "message_id": None if answer.message_id is None else str(answer.message_id),
        "model": answer.model,
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        },
    }


@contextmanager
def _leaving_on_signals() -> Iterator[None]:
    """A closed window or a polite kill ends the talk like /quit: an answer that is being made is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
