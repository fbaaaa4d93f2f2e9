"""get_user_facts: what is remembered about the asker, numbered."""

from __future__ import annotations

from pydantic import BaseModel

from bot.db.repositories import memories
from bot.tools.registry import Tool, ToolResult, ToolRun


class Arguments(BaseModel):
    """Nothing to say: the facts are always the asker's own."""


def run(call: ToolRun, _arguments: Arguments) -> ToolResult:
    """List the facts that may be shown here, oldest first, under numbers that stay."""
    listed = memories.numbered(call.session, call.view.scope, call.now)
    if not listed:
        return ToolResult("Nothing is remembered about this person yet.")
    return ToolResult(
        "\n".join(
            f"{number}. {fact.text} ({fact.kind}, said {fact.said_at:%Y-%m-%d})" for number, fact in listed
        )
    )


TOOL = Tool(
    name="get_user_facts",
    description="List what is remembered about the person you are answering, numbered, with dates.",
    arguments=Arguments,
    run=run,
    reads=True,
)
