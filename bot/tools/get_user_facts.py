"""get_user_facts: what is remembered about the asker, numbered, and what was so before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from bot.db.models import Memory
from bot.db.repositories import memories
from bot.memory.kinds import SINGLE
from bot.tools.registry import Tool, ToolResult, ToolRun

MOST_PAST = 20


class Arguments(BaseModel):
    """The facts are always the asker's own."""

    include_past: Annotated[bool, Field(description="Also list everything that was so before.")] = False


def run(call: ToolRun, arguments: Arguments) -> ToolResult:
    """List the facts that may be shown here, oldest first, under numbers that stay.

    The last former value of what can only be one (home, name ...) is always told: "where did I live before?"
    """
    listed = memories.numbered(call.session, call.view.scope, call.now)
    lines = [
        f"{number}. {fact.text} ({fact.kind}, said {fact.said_at:%Y-%m-%d})" for number, fact in listed
    ] or ["Nothing is remembered about this person yet."]
    past = memories.past(call.session, call.view.scope, call.now)
    lines += map(_past_line, past[:MOST_PAST] if arguments.include_past else _last_values(past))
    return ToolResult("\n".join(lines))


def _past_line(row: Memory) -> str:
    until = f"{row.invalid_at:%Y-%m-%d}" if row.invalid_at is not None else "?"
    return f"- formerly: {row.text} ({row.kind}, from {row.valid_at:%Y-%m-%d} until {until})"


def _last_values(past: Sequence[Memory]) -> list[Memory]:
    last: dict[str, Memory] = {}
    for row in past:
        if row.kind in SINGLE:
            last.setdefault(row.kind, row)
    return list(last.values())


TOOL = Tool(
    name="get_user_facts",
    description=(
        "List what is remembered about the person you are answering, numbered, with dates, and their former "
        "home, name and the like."
    ),
    arguments=Arguments,
    run=run,
    reads=True,
)
