"""A long conversation in which everything happens that changes a prompt, as views, turn by turn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.context.data import Recalled
from bot.context.manager import ContextServices
from bot.context.permanent import PromptLibrary
from bot.core.ids import message_id
from bot.core.llm import ToolSpec
from bot.core.messages import ChatRef, Person
from bot.core.ports import TokenCounter
from bot.core.scope import Scope
from bot.core.views import BotIdentity, FactView, MessageView, ProfileView, SummaryView, TurnView
from bot.db.engine import make_database
from bot.settings import load_settings

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PRIVATE, GROUP = ChatRef("1", "private"), ChatRef("-5", "supergroup", title="Hikers")
PEOPLE = ("Ann (@ann, id:1)", "Borys (@borys, id:2)", "Chen (id:3)")
BEFORE = 300
"""Messages that stand there when the measured turns begin."""

_NOUNS = (
    "tent", "stove", "train", "river", "map", "намет", "річка", "поезд", "палатка", "weather", "bridge",
    "lamp", "coffee", "dinner", "плита", "кава", "hill", "route", "boots", "ticket",
)  # fmt: skip
_VERBS = ("takes", "needs", "sees", "forgets", "бере", "шукає", "купил", "carries", "wants", "finds")


@dataclass
class Hands:
    """A clock that is put on by hand."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass(frozen=True, slots=True)
class Said:
    """One turn: its view, what was recalled for it, and what changed right before it."""

    view: TurnView
    recalled: tuple[Recalled, ...]
    event: str | None


def services(tokens: TokenCounter, clock: Hands, ceiling: int) -> ContextServices:
    """What a context room works with, without a database or files."""
    settings = load_settings(env_file=None, context_max_tokens=ceiling)
    return ContextServices(
        settings=settings, clock=clock, tokens=tokens, database=make_database("sqlite:///never-opened.db"),
        files=None, identity=lambda: BotIdentity("Mnema", "mnema_bot", "999"),
        prompts=PromptLibrary("default.md", Path("prompts")), model=lambda: "gpt-4o-mini",
    )  # fmt: skip


def tools() -> list[ToolSpec]:
    """Four tools of the usual size."""
    schema = {"type": "object", "properties": {"text": {"type": "string", "description": "the exact words"}}}
    names = ("save_user_fact", "get_user_facts", "search_memory", "set_reminder")
    return [ToolSpec(name, "Does what its name says, for the person who asks now.", schema) for name in names]


def conversation(chat: ChatRef, clock: Hands, tokens: TokenCounter, turns: int = 50) -> Iterator[Said]:
    """So many turns behind `BEFORE` messages: two changes of facts, one renewed summary, a pause of days."""
    dice = random.Random(7)
    talk = _Talk(dice, tokens, clock, () if chat.private else PEOPLE)
    for _ in range(BEFORE):
        talk.say()
    facts = tuple(_fact(number, dice) for number in range(20))
    summaries = (_summary("recent", 7, 60, clock.at, dice), _summary("long", 30, 220, clock.at, dice))
    for number in range(turns):
        event = {turns // 3: "fact", 2 * turns // 3: "fact", turns // 2: "summary"}.get(number)
        if event == "fact":
            facts = (_fact(100 + number, dice), *facts)
        if event == "summary":
            summaries = (_summary("recent", 7, 60, clock.at, dice), summaries[1])
        if number == turns // 4:
            clock.at += timedelta(days=3)
        question = talk.say(outgoing=False)
        yield Said(_view(chat, question, talk.said[:-1], facts, summaries), _recalled(talk.said, dice), event)
        talk.say(outgoing=True)


@dataclass
class _Talk:
    dice: random.Random
    tokens: TokenCounter
    clock: Hands
    others: tuple[str, ...]

    def __post_init__(self) -> None:
        self.said: list[MessageView] = []

    def say(self, *, outgoing: bool | None = None) -> MessageView:
        """One message more; of those that were read meanwhile some turn out to matter."""
        seq, dice = len(self.said) + 1, self.dice
        if outgoing is None:
            outgoing = not (seq % 2 or self.others)
        label = "Mnema" if outgoing else dice.choice(self.others or PEOPLE[:1])
        text = words(dice, dice.randint(20, 90) if outgoing else dice.randint(3, 40))
        self.clock.at += timedelta(minutes=dice.randint(1, 90))
        cost = self.tokens.count(text)
        self.said.append(
            MessageView(message_id(1, seq), outgoing, label, text, self.clock.at, token_count=cost)
        )
        if seq % 16 == 0:
            self.said[-16:] = [replace(m, importance=dice.random() ** 2) for m in self.said[-16:]]
        return self.said[-1]


def words(dice: random.Random, count: int) -> str:
    """A text of so many words."""
    return " ".join(dice.choice(_VERBS if n % 3 == 1 else _NOUNS) for n in range(count))


def _fact(number: int, dice: random.Random) -> FactView:
    kind = dice.choice(("home", "plan", "preference", "other", "diet"))
    return FactView(number, words(dice, 8), kind, START + timedelta(hours=number))


def _summary(kind: str, days: int, sentences: int, now: datetime, dice: random.Random) -> SummaryView:
    text = ". ".join(words(dice, 9) for _ in range(sentences // 2))
    return SummaryView(kind, text, 0, now - timedelta(days=days), now)


def _recalled(said: list[MessageView], dice: random.Random) -> tuple[Recalled, ...]:
    count = dice.choice((0, 0, 3, 8, 20))
    chosen = dice.sample(said[:-100], min(count, len(said[:-100])))
    return tuple(Recalled(f"m:{m.id}", m.text, m.sent_at, m.label) for m in chosen)


def _view(
    chat: ChatRef,
    question: MessageView,
    said: list[MessageView],
    facts: tuple[FactView, ...],
    summaries: tuple[SummaryView, ...],
) -> TurnView:
    older = [m for m in said[:-100] if (m.importance or 0) >= 0.7]
    best = sorted(older, key=lambda m: (m.importance or 0, m.id))[-15:]
    return TurnView(
        scope=Scope(1, 1, chat.private), chat=chat, asker=Person("1", "Ann", username="ann"),
        conversation_no=1, conversation_id="c", language="en", turn_id=1, current=(question,),
        profile=ProfileView(timezone="Europe/Kyiv", pronouns="she/her"), context_summary="They met. " * 30,
        history=tuple(said[-100:]), important=tuple(sorted(best, key=lambda m: m.id)), facts=facts,
        summaries=summaries,
    )  # fmt: skip
