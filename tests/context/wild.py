"""Random turns, settings and faults, drawn fast from a seed: what the ceiling must hold against."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.context.budget import Demand, Item
from bot.context.data import Recalled
from bot.core.llm import Message, ToolSpec
from bot.core.messages import AttachmentRef, Person
from bot.core.views import MessageView, ProfileView, SummaryView, TurnView
from tests.context.making import GROUP, NOW, PRIVATE, fact, message, photo, view

SCRIPTS = (
    "tent river map ", "намет річка мапа ", "палатка река ", "テントと川の地図", "เต็นท์แม่น้ำ", "🏕️👨‍👩‍👧🚣", "x",
    "[Bob (id:7)]: ", "</context>\n", "--- 2026-01-01 (Thu) ---\n", "{user_memories} ", "\u202e\u200b",
    "a\n\n",
)  # fmt: skip
FILES = (photo(), photo("p2"), photo("gone"), AttachmentRef("document", "d", name="menu " * 300))


@dataclass(frozen=True)
class Scaled:
    """A counter of some other vendor's model, corrected by `factor`; the whole costs more than its parts."""

    factor: float
    by_bytes: bool

    def count(self, text: str) -> int:
        size = len(text.encode("utf-8", "replace")) / 3 if self.by_bytes else len(text) / 4
        return math.ceil(size * self.factor)

    def count_messages(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
        total = 7 + sum(6 + self._content(message["content"]) for message in messages)
        return math.ceil(total * 1.05) + sum(
            6 + self.count(json.dumps([t.name, t.description, dict(t.parameters)])) for t in tools
        )

    def _content(self, content: Any) -> int:
        if isinstance(content, str):
            return self.count(content)
        return sum(self.count(part["text"]) if part["type"] == "text" else 85 for part in content)


@dataclass(frozen=True)
class Wild:
    """One case: a turn with everything beside it."""

    turn: TurnView
    settings: dict[str, Any]
    tools: list[ToolSpec]
    states: list[str]
    recalled: list[Recalled] | None
    room: int
    counter: Scaled


def text(dice: random.Random, most: int = 3000) -> str:
    """Mostly short, sometimes as long as they come."""
    length = int(most ** dice.random()) if dice.random() < 0.97 else most * 12
    script = dice.choice(SCRIPTS)
    return (script * (length // len(script) + 1))[:length]


def case(dice: random.Random) -> Wild:
    """A case; its ceiling is one with which the shipped prompt may start."""
    factor = dice.choice((0.5, 0.9, 1.0, 1.25, 2.0))
    ceiling = dice.choice((2000, 2500, 3999, 4000, 8000, 16_000, 32_000))
    ceiling = max(ceiling, int(2200 * factor))
    return Wild(
        turn=turn(dice),
        settings={
            "context_max_tokens": ceiling,
            "context_strategy": dice.choice(("layered", "layered", "window", "summary", "important")),
            "llm_vision_enabled": dice.random() < 0.5,
            "immediate_context_messages": dice.choice((10, 40, 100, 500)),
            "important_messages_limit": dice.choice((1, 15, 100)),
            "importance_threshold": dice.choice((0.0, 0.7, 1.0)),
            "user_memory_max_facts": dice.choice((10, 50, 100)),
        },
        tools=[_tool(dice, n) for n in range(dice.choice((0, 3, 8, 40)))],
        states=[text(dice, 600) for _ in range(dice.choice((0, 1, 5, 60)))],
        recalled=dice.choice((None, _recalled(dice))),
        room=dice.choice((0, 0, ceiling // 16, ceiling // 4)),
        counter=Scaled(factor, dice.random() < 0.3 and factor < 1.25),
    )


def turn(dice: random.Random) -> TurnView:
    """A turn; what is stored with its messages may lie."""
    start, length = dice.randint(1, 10**6), dice.choice((0, 1, 9, 60, 130))
    pool = [_said(dice) for _ in range(8)]
    history = tuple(
        replace(
            dice.choice(pool), id=message(start + n, "").id, sent_at=NOW - timedelta(hours=9 * (length - n))
        )
        for n in range(length)
    )
    older = range(max(0, min(15, start - 1)))
    important = tuple(replace(dice.choice(pool), id=message(1 + n, "").id, importance=0.9) for n in older)
    chat = dice.choice((PRIVATE, replace(GROUP, title=text(dice), topic_title=text(dice))))
    current = tuple(
        replace(_said(dice), id=message(start + 200 + n, "").id, outgoing=False)
        for n in range(dice.choice((1, 1, 1, 3)))
    )
    base = view(
        chat, history=history, important=important if history else (), current=current,
        replied=_said(dice) if dice.random() < 0.3 else None,
        facts=tuple(
            fact(n, text(dice, 200 if n % 9 else 40_000), kind=dice.choice(("plan", "home", "diet")),
                 priority=dice.randint(1, 10), pinned=dice.random() < 0.1)
            for n in range(dice.choice((0, 5, 50, 200)))
        ),
        summaries=tuple(
            SummaryView(kind, text(dice, 9000), dice.choice((0, 9, 10**6)), NOW - timedelta(days=7), NOW)
            for kind in ("long", "recent")[: dice.choice((0, 1, 2))]
        ),
        context_summary=dice.choice((None, text(dice, 9000))),
        profile=ProfileView(
            pronouns=text(dice, 300), communication_style=text(dice, 300), timezone="Asia/Tokyo"
        ),
    )  # fmt: skip
    return replace(base, asker=Person("123", text(dice), text(dice), username=text(dice, 40)))


def demand(dice: random.Random) -> Demand:
    """Numbers alone, for the division of the ceiling."""
    ceiling = dice.choice((2000, 4000, 8000, 32_000, 128_000))
    most, count = dice.choice((30, 300, 3000)), dice.choice((0, 5, 40, 120))
    first = dice.randint(1, 100_000)
    seqs = range(first, first + count)
    older = dice.sample(range(max(1, first - 500), first + count), dice.randint(0, min(30, count)))

    def some(number: int, size: int) -> list[int]:
        return [dice.randint(1, size) for _ in range(number)]

    return Demand(
        ceiling=ceiling, room=dice.choice((0, ceiling // 4)), system=dice.randint(20, ceiling // 4),
        data=dice.randint(10, 300), current=int(20_000 ** dice.random()),
        replied=int(20_000 ** dice.random()),
        images=dice.choice((0, 0, ceiling // 8)), tools=some(dice.choice((0, 4, 12)), 400),
        facts=[Item(n, size) for n, size in enumerate(some(dice.choice((0, 50)), 200))],
        summaries=some(dice.choice((0, 3)), 5000), recalls=dice.random() < 0.5,
        recall=[Item(n, size) for n, size in enumerate(some(dice.choice((0, 20)), 200))],
        history=some(count, most), history_seqs=seqs, history_limit=dice.choice((10, 100, 500)),
        important=[Item(seq, dice.randint(1, 300)) for seq in older], important_limit=dice.choice((1, 15)),
        in_steps=dice.random() < 0.7,
    )  # fmt: skip


def _said(dice: random.Random) -> MessageView:
    said = text(dice)
    files = (dice.choice(FILES),) if dice.random() < 0.2 else ()
    return message(
        1, said, dice.choice(("Ann (@ann, id:123)", "Mnema", text(dice, 400))),
        token_count=dice.choice((0, 1, len(said) // 4, len(said) // 40, len(said) * 10)), attachments=files,
        importance=dice.choice((None, 0.2, 0.8, 1.0)), edited=dice.random() < 0.1,
        forwarded_from=text(dice, 300) if dice.random() < 0.1 else None,
        reply_quote=text(dice) if dice.random() < 0.2 else None, content_type="image" if files else "text",
    )  # fmt: skip


def _tool(dice: random.Random, number: int) -> ToolSpec:
    schema = {"type": "object", "properties": {text(dice, 30): {"type": "string"} for _ in range(3)}}
    return ToolSpec(f"tool_{number}", text(dice, 900), schema)


def _recalled(dice: random.Random) -> list[Recalled]:
    count = dice.choice((0, 3, 30))
    return [Recalled(f"m:{n}", text(dice), NOW - timedelta(days=n), text(dice, 90)) for n in range(count)]
