"""Building the context of a turn in databases of different sizes: time, statements, and their ratios."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from benchmarks.filling import CHAT, PERSON, START, fill, largest
from bot.app import build_app
from bot.context.compose import Request, compose
from bot.context.load import view_limits
from bot.context.manager import ContextManager
from bot.core.views import TurnView
from bot.db.models import Memory, Summary, Turn
from bot.db.repositories import people, talk, turns
from bot.db.repositories.turn_view import load_for_turn
from bot.db.sqlite import sqlite_engine
from bot.settings import Settings

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 150


@dataclass
class Cost:
    """CPU milliseconds of each round, and statements of one."""

    load: list[float] = field(default_factory=list)
    compose: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    statements: int = 0

    def times(self) -> tuple[list[float], list[float], list[float]]:
        """The columns."""
        return self.load, self.compose, self.whole


def furnish(url: str) -> int:
    """Give every tenth message importance, the person fifty facts, the chat its summaries; a turn's id."""
    engine = sqlite_engine(url, writer=True)
    with Session(engine) as session:
        session.execute(text("UPDATE messages SET importance = (id * 37 % 100) / 100.0 WHERE id % 4 = 0"))
        chat, user = people.find_chat(session, CHAT), people.find_user(session, PERSON)
        assert chat is not None
        assert user is not None
        for number in range(50):
            said = f"A fact of usual length, number {number}"
            session.add(
                Memory(
                    user_id=user.id, chat_id=chat.id, kind="plan", text=said, text_key=said, scope="global",
                    origin="explicit", created_at=START, valid_at=START,
                )
            )  # fmt: skip
        for kind, count in (("recent", 700), ("long", 3000)):
            session.add(
                Summary(
                    chat_id=chat.id, topic_id=0, kind=kind, text="They met and planned. " * (count // 6),
                    token_count=count, period_start=START, period_end=START + timedelta(days=7),
                    cursor_at=START, model="m", created_at=START,
                )
            )  # fmt: skip
        conversation = talk.active_conversation(session, chat, CHAT, user, START)
        conversation.context_summary = "They greeted each other. " * 20
        asked = talk.NewMessage(
            "incoming", "What was it that we planned?", "Ann (@ann, id:1)", START, user.id
        )
        message = talk.append(session, conversation.no, asked)
        turn = Turn(
            conversation_no=conversation.no, chat_id=chat.id, user_id=user.id, message_id=message.id,
            channel="telegram", language="en", created_at=START, last_part_at=START,
        )  # fmt: skip
        turn_id = turns.open_turn(session, turn, message.id).id
        turns.take_up(session, turn_id, START)
        session.commit()
    engine.dispose()
    return turn_id


class Place:
    """The product on a database of one size, ready to build the same turn's context again and again."""

    def __init__(self, folder: Path, messages: int) -> None:
        url = fill(folder / f"{messages}.db", messages)
        self._turn_id = furnish(url)
        self._app = build_app(Settings(database_url=url, data_dir=folder / "data"), everyone=True)
        self.cost = Cost()

    async def open(self) -> None:
        """Connect, build once, and count the statements of it."""
        sent: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        await self._app.database.open()
        event.listen(Engine, "before_cursor_execute", note)
        await self._build()
        event.remove(Engine, "before_cursor_execute", note)
        self.cost.statements = sum(not statement.startswith("BEGIN") for statement in sent)

    async def round(self) -> None:
        """Load, compose, and both with all that lies between."""
        began = time.process_time()
        view = await self._load()
        loaded = time.process_time()
        compose(Request(self._app.context, view))
        composed = time.process_time()
        await self._build()
        self.cost.whole.append((time.process_time() - composed) * 1000)
        self.cost.load.append((loaded - began) * 1000)
        self.cost.compose.append((composed - loaded) * 1000)

    async def close(self) -> None:
        """Disconnect."""
        await self._app.close(0)

    async def _load(self) -> TurnView:
        limits, turn_id = view_limits(self._app.context), self._turn_id
        return await self._app.database.read(lambda s: load_for_turn(s, turn_id, limits))

    async def _build(self) -> None:
        await ContextManager.for_turn(self._app.context, await self._load()).build_context()


async def compare() -> None:
    """Print the costs by size, and what a large database costs beside one of ten thousand."""
    with tempfile.TemporaryDirectory() as folder:
        places = {
            size: await asyncio.to_thread(Place, Path(folder), size) for size in sorted({*SIZES, largest()})
        }
        for place in places.values():
            await place.open()
        # By turns, so that whatever else the machine does hits all of them.
        for _ in range(ROUNDS):
            for place in places.values():
                await place.round()
        for place in places.values():
            await place.close()
    print(f"{'messages':>12}{'load, ms':>12}{'compose, ms':>14}{'whole, ms':>12}{'statements':>12}   (CPU)")
    for size, place in places.items():
        load, composed, whole = (median(times) for times in place.cost.times())
        print(f"{size:>12,}{load:>12.2f}{composed:>14.2f}{whole:>12.2f}{place.cost.statements:>12}")
    last, first = places[largest()].cost, places[10_000].cost
    print(
        f"whole, {largest():,} against 10,000: {median(last.whole) / median(first.whole):.2f}   goal <= 1.5"
    )
    print(f"load alone: {median(last.load) / median(first.load):.2f}")
    print(f"statements: {last.statements}   goal <= 6, those of recall and dialogue states not counted")


def main() -> None:
    """Run it."""
    asyncio.run(compare())


if __name__ == "__main__":
    main()
