"""What reading for facts costs: model calls and prompt tokens, over a week of talk of different people."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from bot.core.jobs import ClaimedJob
from bot.core.llm import Completion, LLMRequest, Usage
from bot.core.messages import ChatRef, Person
from bot.core.scope import Scope
from bot.db.engine import Database, make_database
from bot.db.migrate import upgrade
from bot.db.repositories import extraction, people, talk
from bot.llm.tokens import Tokens
from bot.memory import facts
from bot.memory.candidates import SCHEMA
from bot.memory.extraction import KIND, Extractor, find_due

DAYS = 7
STEP = timedelta(minutes=15)
MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)
KNOWN = 20
"""Facts that are known of each person from the start."""

SENTENCES = (
    "ok", "thanks a lot!", "What do you think about the second one?", "no, not today",
    "I moved the meeting to Thursday because the plumber comes on Wednesday morning.",
    "Could you help me to write a short letter to the school about the excursion next week?",
    "Мені треба встигнути на потяг о сьомій, тож відповім увечері.",
    "The cat has learned to open the kitchen door, so now I hide the bread in the oven.",
    "Я вчера наконец дочитала ту книгу про маяки, очень советую, особенно вторую половину.",
    "Explain to me, please, how a heat pump works and whether it makes sense in an old house of thick walls.",
    "and what would it cost?", "yes please",
    "Let us plan the garden: tomatoes along the wall, herbs by the door.",
)  # fmt: skip
"""What people say; the shares of short and long are those of ordinary messenger talk."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Somebody's talk: messages a day, in how many sittings, and the share that is meant for the bot."""

    name: str
    people: int
    daily: float
    sittings: int
    addressed: float
    chat: str | None = None


HABITS = (
    Habit("talks a lot", 3, 60, 4, 1.0),
    Habit("asks daily", 5, 14, 2, 1.0),
    Habit("comes by", 6, 4, 1, 1.0),
    Habit("group of four", 4, 30, 5, 0.25, "-1001"),
)


class Clock:
    """Time that the benchmark moves."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Counting:
    """A model that finds nothing, and counts what it is shown, the schema included."""

    model = "gpt-4o-mini"

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._schema = tokens.count(json.dumps(SCHEMA))
        self.prompts: list[int] = []

    async def complete(self, request: LLMRequest, on_text: object = None) -> Completion:
        self.prompts.append(self._tokens.count_messages(request.messages) + self._schema)
        return Completion('{"facts": []}', (), "stop", Usage(self.prompts[-1], 6), self.model)


async def measure(folder: Path) -> None:
    """A week of talk; one line for each habit and one for all."""
    url = f"sqlite:///{folder / 'talk.db'}"
    await asyncio.to_thread(upgrade, url)
    tokens, clock = Tokens("gpt-4o-mini", folder), Clock()
    await tokens.warm()
    database = make_database(url)
    await database.open()
    total = [0, 0, 0, 0]
    try:
        for number, habit in enumerate(HABITS):
            clock.at = MONDAY
            model = Counting(tokens)
            said, addressed = await _live(database, clock, tokens, model, habit, number)
            row = [said, addressed, len(model.prompts), sum(model.prompts)]
            _print(habit.name, row)
            total = [a + b for a, b in zip(total, row, strict=True)]
    finally:
        await database.close()
    _print("all together", total)


def _print(name: str, row: list[int]) -> None:
    said, addressed, calls, prompt = row
    print(
        f"extraction, {name:14}: {said:5} messages ({addressed} for the bot), {calls:3} calls = "
        f"{calls / addressed:.3f} a message for the bot (goal 0.1), "
        f"{prompt / said:5.0f} prompt tokens a message (goal 400), {prompt / max(1, calls):.0f} a call"
    )


async def _live(
    database: Database, clock: Clock, tokens: Tokens, model: Counting, habit: Habit, number: int
) -> tuple[int, int]:
    """Everybody of a habit talks for a week, and is read as the product reads; messages, and those meant."""
    dice = random.Random(number)
    extractor = Extractor(database, model, clock, 50)
    persons = [Person(f"{number}{n:02}", f"P{number}{n}") for n in range(habit.people)]
    await database.write(lambda s: _acquaint(s, persons, clock.at))
    said = addressed = 0
    for _ in range(int(timedelta(days=DAYS + 1) / STEP)):
        awake = clock.at.hour >= 8 and said < habit.daily * habit.people * DAYS
        for person in persons if awake else ():
            if dice.random() < habit.sittings / (16 * 4):
                texts = [dice.choice(SENTENCES) for _ in range(round(habit.daily / habit.sittings))]
                await database.write(lambda s, p=person, t=texts: _say(s, p, habit, t, tokens, clock.at))  # type: ignore[misc]
                said += len(texts)
                addressed += sum(dice.random() < habit.addressed for _ in texts)
        for job in await database.read(lambda s: find_due(s, clock.at)):
            await extractor.work(ClaimedJob(0, KIND, "background", job.lane, job.payload, 1, None, clock.at))
        clock.at += STEP
    return said, addressed


def _acquaint(session: Session, persons: list[Person], now: datetime) -> None:
    for person in persons:
        user = people.upsert_user(session, person, now)
        session.flush()
        for n in range(KNOWN):
            fact = facts.NewFact(f"Has been to town number {n} by train", "other")
            facts.save(session, Scope(user.id, None, True), fact, 50, now)


def _say(
    session: Session, person: Person, habit: Habit, texts: list[str], tokens: Tokens, now: datetime
) -> None:
    ref = ChatRef(habit.chat or person.external_id, "supergroup" if habit.chat else "private")
    user, chat = people.upsert_user(session, person, now), people.upsert_chat(session, ref, now)
    session.flush()
    conversation = talk.active_conversation(session, chat, ref, user, now)
    for n, text in enumerate(texts):
        new = talk.NewMessage(
            "incoming", text, person.first_name, now + timedelta(seconds=40 * n), sender_id=user.id,
            token_count=tokens.count(text),
        )  # fmt: skip
        extraction.note_said(session, talk.append(session, conversation.no, new), conversation, user.id)
        if not habit.chat:
            reply = talk.NewMessage("outgoing", f"About that: {text} Shall we?", "Mnema", new.sent_at)
            talk.append(session, conversation.no, reply)


def main() -> None:
    """Print what reading costs."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
