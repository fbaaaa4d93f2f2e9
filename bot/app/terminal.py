"""The flow for one person at a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.app.rehearsing import with_model
from bot.app.wiring import App, build_app
from bot.core.errors import ConfigError
from bot.core.messages import ChatRef, Incoming, Person, Reply, TurnRef
from bot.core.ports import ReplySink
from bot.settings import Settings


class _TerminalSink:
    """Shows the growing text and hands over the finished reply."""

    def __init__(self, on_text: Callable[[str], None], done: asyncio.Future[Reply]) -> None:
        self._on_text = on_text
        self._done = done

    async def begin(self) -> None:
        """The prompt shows an ellipsis already."""

    def show(self, text: str) -> None:
        """Redraw."""
        self._on_text(text)

    async def finish(self, reply: Reply) -> None:
        """Wake the waiting prompt."""
        if not self._done.done():
            self._done.set_result(reply)


class TerminalSession:
    """One person's talk; one exchange at a time."""

    def __init__(self, app: App, person: Person) -> None:
        self._app = app
        self._person = person
        self._on_text: Callable[[str], None] = lambda _text: None
        self._done: asyncio.Future[Reply] | None = None

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._app.llm.model

    def open(self, turn: TurnRef) -> ReplySink:
        """The sink of the exchange that is waiting; a turn left over from before is shown to it first."""
        done = self._done if self._done is not None else asyncio.get_running_loop().create_future()
        return _TerminalSink(self._on_text, done)

    async def say(self, incoming: Incoming, on_text: Callable[[str], None]) -> Reply:
        """Say something and wait for the finished reply."""
        self._on_text, self._done = on_text, asyncio.get_running_loop().create_future()
        await self._app.turns.receive(incoming, "cli")
        try:
            return await self._done
        finally:
            self._done = None

    async def start_new(self) -> None:
        """Archive the conversation and start an empty one."""
        chat = ChatRef(external_id=self._person.external_id, type="private", platform="cli")
        await self._app.conversations.start_new(chat, self._person, None)


@asynccontextmanager
async def open_terminal(settings: Settings, person: Person) -> AsyncIterator[TerminalSession]:
    """The product without faces but one; a rehearsal model answers when none is configured.

    Raises ConfigError, also while the bot runs on the same SQLite file.
    """
    async with with_model(settings) as ready:
        app = build_app(ready, channel="cli")
        session = TerminalSession(app, person)
        app.sinks.add("cli", session)
        try:
            await app.open()
        except ConfigError:
            await app.nursery.close()
            raise
        try:
            await app.work()
            yield session
        finally:
            await app.close(2.0)
