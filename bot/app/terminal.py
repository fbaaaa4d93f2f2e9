"""The flow for one person at a terminal, alone or beside a running bot."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.app.beside import NoTables, database_beside
from bot.app.rehearsing import with_model
from bot.app.schema import prepare_database
from bot.app.wiring import App, build_app
from bot.core.errors import MnemaError, Occupied
from bot.core.jobs import TERMINAL, OwnPool, Pool
from bot.core.messages import ChatRef, Incoming, Person, Reply, TurnRef
from bot.core.ports import ReplySink
from bot.services.api_talk import ApiTalk, TurnAnswer
from bot.services.reach import DEFAULT_APPLICATION, Caller, Reach, check_user_id
from bot.settings import Settings
from bot.turns.left_over import LeftOver, LeftOvers
from bot.turns.sinks import NullSink

LOOK_SECONDS = 2.0
"""Seconds between looks for what holds up an answer."""

GRACE = 2.0

_LOCAL = Caller("local", "cli", DEFAULT_APPLICATION, frozenset({"admin"}))


@dataclass(frozen=True, slots=True)
class Said:
    """One finished exchange: the reply as a face shows it, and what was stored of it."""

    reply: Reply
    answer: TurnAnswer


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
    """One person's talk; one exchange at a time. `beside` tells that a bot runs and does what has time."""

    def __init__(self, app: App, person: Person, channel: str, *, beside: bool) -> None:
        self._app = app
        self._person = person
        self._channel = channel
        self._chat = ChatRef(person.external_id, "private", platform="cli")
        self._talk = ApiTalk(app.database, app.clock)
        self._left_overs = LeftOvers(app.database, app.clock)
        self._sink: _TerminalSink | None = None
        self.beside = beside

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._app.llm.model

    def open(self, turn: TurnRef) -> ReplySink:
        """The sink of the exchange that is waiting."""
        return self._sink or NullSink()

    async def left_over(self) -> list[LeftOver]:
        """What the person asked in terminals that were cut off; it is closed, and told once."""
        return await self._left_overs.take(self._person, self._channel)

    async def say(self, text: str, on_text: Callable[[str], None]) -> Said:
        """Say something and wait for the finished reply. Raises MnemaError for what nothing answers."""
        done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._sink = _TerminalSink(on_text, done)
        try:
            receipt = await self._app.turns.receive(self._incoming(text), self._channel)
            if receipt.turn_id is None:
                raise MnemaError(f"The question was {receipt.outcome}: nothing answers it.")
            while not (await asyncio.wait({done}, timeout=LOOK_SECONDS))[0]:
                await self.left_over()  # a terminal that is cut off now must not hold up this one
                await self._talk.settled(receipt.turn_id)  # raises when the question was erased meanwhile
            answer = await self._talk.settled(receipt.turn_id)
        finally:
            self._sink = None
        assert answer is not None
        return Said(done.result(), answer)

    async def stop(self) -> None:
        """Halt the answer that is being made; what came of it so far is kept."""
        if self._sink is not None:
            await self._app.turns.stop(self._chat, self._person)

    async def start_new(self, title: str | None) -> bool:
        """Archive the conversation and start an empty one; False when there was nothing to archive."""
        return await self._app.conversations.start_new(self._chat, self._person, title)

    async def clear(self) -> bool:
        """The same, and nothing reaches behind it; False when there was nothing to clear."""
        return await self._app.conversations.clear(self._chat, self._person)

    def _incoming(self, text: str) -> Incoming:
        number = uuid.uuid4().hex
        return Incoming(
            key=f"{self._channel}:{number}",
            chat=self._chat,
            external_id=number,
            sent_at=self._app.clock.now(),
            sender=self._person,
            text=text,
            addressed="private",
        )


@asynccontextmanager
async def open_terminal(settings: Settings, user_id: str) -> AsyncIterator[TerminalSession]:
    """The flow with one face; a rehearsal model answers when none is configured.

    Beside a running bot this process answers its own person and nothing else. On PostgreSQL nobody can tell
    whether a bot runs, so that it is taken for granted. Raises ConfigError, and Invalid for what is no id.
    """
    check_user_id(user_id)
    channel = f"{TERMINAL}{uuid.uuid4().hex[:12]}"
    async with with_model(settings) as ready, _opened(ready, channel) as (app, beside):
        person = await Reach(app.database, app.clock).person(_LOCAL, user_id, create=True)
        session = TerminalSession(app, person, channel, beside=beside)
        app.sinks.add(channel, session)
        await app.work(due=not beside)
        try:
            yield session
        finally:
            await session.stop()


@asynccontextmanager
async def _opened(settings: Settings, channel: str) -> AsyncIterator[tuple[App, bool]]:
    """The app, and whether it works beside a bot."""
    own: dict[Pool, int] = {OwnPool(channel): 1}
    if settings.database_url.startswith("sqlite"):
        alone = await _alone(build_app(settings, channel=channel, slots={**own, "background": 2}))
        if alone is not None:
            try:
                yield alone, False
            finally:
                await alone.close(GRACE)
            return
    else:
        await _make_tables(settings)
    app = build_app(settings, channel=channel, slots=own)
    app.check()
    async with database_beside(settings, app.database):
        try:
            await app.warm()
            yield app, True
        finally:
            await app.close(GRACE)


async def _alone(app: App) -> App | None:
    """The app, opened; None where a bot holds the folder. What Telegram is owed is left to the next bot."""
    try:
        await app.open()
    except BaseException as error:
        await app.close(0.0)
        if isinstance(error, Occupied):
            return None
        raise
    return app


async def _make_tables(settings: Settings) -> None:
    """An empty server database gets its tables; one that has some is brought forward by the bot alone."""
    try:
        async with database_beside(settings):
            pass
    except NoTables:
        await prepare_database(settings.database_url, settings.data_dir)
