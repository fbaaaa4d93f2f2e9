"""What a turn costs beside the model: CPU of the whole flow against an aiogram echo without a memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import build_app
from bot.core.llm import Completion, LLMRequest, Usage
from bot.core.messages import ChatRef, Incoming, Person, Reply, TurnRef
from bot.settings import Settings

TURNS = 400
CHATS = 20


class InstantModel:
    """Answers at once."""

    model = "instant"

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """A short text."""
        text = "A short answer of a model that takes no time."
        if on_text is not None:
            on_text(text)
        return Completion(text, (), "stop", Usage(100, 10), self.model)


class Counting:
    """A face that only counts finished answers."""

    def __init__(self) -> None:
        self.finished = 0
        self.all = asyncio.Event()

    def open(self, _turn: TurnRef) -> Counting:
        return self

    async def begin(self) -> None: ...

    def show(self, text: str) -> None: ...

    async def finish(self, reply: Reply) -> None:
        self.finished += 1
        if self.finished == TURNS:
            self.all.set()


def said(number: int) -> Incoming:
    """One of the messages, spread over the chats."""
    who = str(number % CHATS + 1)
    return Incoming(
        key=f"b:{number}", chat=ChatRef(who, "private"), external_id=str(number),
        sent_at=datetime.now(UTC), sender=Person(who, "Ann"), text=f"message {number} of a benchmark",
        addressed="private",
    )  # fmt: skip


async def flow() -> float:
    """CPU milliseconds of a turn: received, answered, delivered, every step on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        settings = Settings(database_url=f"sqlite:///{path / 'b.db'}", data_dir=path)
        app = build_app(settings, llm=InstantModel(), everyone=True)
        face = Counting()
        app.sinks.add("telegram", face)
        await app.open()
        await app.work()
        began = time.process_time()
        for number in range(TURNS):
            await app.turns.receive(said(number))
        await asyncio.wait_for(face.all.wait(), 120)
        spent = time.process_time() - began
        await app.close(2)
    return spent / TURNS * 1000


async def echo() -> float:
    """CPU milliseconds of an aiogram dispatcher that answers into a session without a wire."""
    from aiogram import Bot, Dispatcher, types
    from aiogram.client.session.base import BaseSession

    class Silent(BaseSession):
        async def make_request(self, bot: Bot, method: Any, timeout: int | None = None) -> Any:
            return types.Message(message_id=1, date=datetime.now(UTC), chat=types.Chat(id=1, type="private"))

        async def close(self) -> None: ...

        def stream_content(self, *args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError

    bot, dispatcher = Bot("1234567:" + "a" * 35, session=Silent()), Dispatcher()

    @dispatcher.message()
    async def on_message(message: types.Message) -> None:
        await message.answer(message.text or "")

    raw = {
        "message": {
            "message_id": 1, "date": 1_760_000_000, "chat": {"id": 1, "type": "private"}, "text": "hello",
            "from": {"id": 1, "is_bot": False, "first_name": "Ann"},
        }
    }  # fmt: skip
    began = time.process_time()
    for number in range(TURNS * 5):
        await dispatcher.feed_raw_update(bot, {"update_id": number, **raw})
    return (time.process_time() - began) / TURNS / 5 * 1000


async def compare() -> None:
    """Print the ratio."""
    ours, bare = await flow(), await echo()
    print(f"{'CPU of a turn without the model':34}{ours:>10.2f} ms")
    print(f"{'CPU of an aiogram echo':34}{bare:>10.2f} ms")
    print(f"{'ratio':34}{ours / bare:>10.1f}      goal <= 10")


def main() -> None:
    """Run it."""
    asyncio.run(compare())
