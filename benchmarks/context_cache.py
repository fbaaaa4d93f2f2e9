"""How much of a prompt is the beginning of the one before it, which endpoints keep and charge less for."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.context_talk import GROUP, PRIVATE, Hands, conversation, services, tools
from bot.context.manager import ContextManager
from bot.core.llm import Message, ToolSpec
from bot.core.messages import ChatRef
from bot.core.ports import TokenCounter
from bot.llm.tokens import Tokens

CEILINGS = (4000, 8000, 32_000)


@dataclass(frozen=True, slots=True)
class Step:
    """A prompt beside the one before it: shares of bytes and of tokens that are the same beginning."""

    bytes: float
    tokens: float
    size: int
    event: str | None
    moved: bool


def sent(messages: list[Message], offered: tuple[ToolSpec, ...]) -> str:
    """The prompt as one text, in the order in which endpoints read it: tools, then messages."""
    schemas = [[tool.name, tool.description, dict(tool.parameters)] for tool in offered]
    parts = [json.dumps(schemas), *(f"\n<{m['role']}>\n{m['content']}" for m in messages)]
    return "".join(parts)


def common(one: str, other: str) -> str:
    """The beginning that two texts share."""
    pairs = enumerate(zip(one, other, strict=False))
    end = next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
    return one[:end]


async def measure(chat: ChatRef, ceiling: int, tokens: TokenCounter, turns: int = 50) -> list[Step]:
    """Each turn's prompt against the one of the turn before."""
    clock, steps = Hands(), []
    parts = services(tokens, clock, ceiling)
    before, edge = "", 0
    for said in conversation(chat, clock, tokens, turns):
        manager = ContextManager.for_turn(parts, said.view, tools(), recalled=said.recalled)
        now = sent(await manager.build_context(), manager.tools)
        kept = next(layer.kept for layer in manager.trace.layers if layer.name == "history")
        if before:
            same = common(before, now)
            share = tokens.count(same) / tokens.count(now)
            moved = kept[:1] != (edge,)
            steps.append(Step(len(same.encode()) / len(now.encode()), share, len(now), said.event, moved))
        before, edge = now, int(kept[0]) if kept else 0
    return steps


def report(name: str, steps: list[Step]) -> str:
    """One line."""
    quiet = [step.tokens for step in steps if not step.moved and step.event is None]
    return (
        f"{name:24}{statistics.mean(step.tokens for step in steps):>8.1%}"
        f"{statistics.mean(step.bytes for step in steps):>8.1%}"
        f"{statistics.mean(quiet):>14.1%}{sum(step.moved for step in steps):>8}"
    )


def main() -> None:
    """Print the shares."""
    print(f"{'same beginning, 50 turns':24}{'tokens':>8}{'bytes':>8}{'quiet turns':>14}{'moves':>8}")
    with tempfile.TemporaryDirectory() as folder:
        tokens = Tokens("gpt-4o-mini", Path(folder))
        for ceiling in CEILINGS:
            for chat in (PRIVATE, GROUP):
                steps = asyncio.run(measure(chat, ceiling, tokens))
                print(report(f"{ceiling}, {chat.type}", steps))


if __name__ == "__main__":
    main()
