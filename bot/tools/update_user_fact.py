"""update_user_fact: a remembered fact has changed, or was put wrongly."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.db.repositories import memories
from bot.memory import facts, gates
from bot.tools import remembering
from bot.tools.registry import Tool, ToolResult, ToolRun


class Arguments(BaseModel):
    """What the model writes."""

    number: Annotated[int, Field(description="The fact's number, as get_user_facts lists it.")]
    text: Annotated[str, Field(description="The fact as it is now, one short sentence.")]
    quote: Annotated[str, Field(description="The asker's own words that say so, copied exactly.")]


def run(call: ToolRun, arguments: Arguments) -> ToolResult:
    """Close the old value with a date and keep the new one with its source."""
    foreign = remembering.foreign_part(call)
    text = gates.checked_fact(arguments.text)
    source = remembering.source_of(call, arguments.quote, foreign)
    old = memories.owned(call.session, call.view.scope, remembering.fact_numbered(call, arguments.number))
    if old is None:
        raise gates.Refused("there is no such fact", "alias")
    fact = facts.NewFact(text, old.kind, arguments.quote, source.id, replaces=[old.id], tags=old.tags)
    return remembering.keep(call, fact, foreign)


TOOL = Tool(
    name="update_user_fact",
    description="Replace a remembered fact of the person you are answering by what they say is so now.",
    arguments=Arguments,
    run=run,
    saving=True,
)
