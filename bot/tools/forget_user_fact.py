"""forget_user_fact: the asker wants something forgotten, or says that it was never so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bot.memory import correcting, facts, gates
from bot.tools import remembering
from bot.tools.registry import Tool, ToolResult, ToolRun


class Arguments(BaseModel):
    """What the model writes."""

    number: Annotated[int, Field(description="The fact's number, as get_user_facts lists it.")]
    quote: Annotated[str, Field(description="The asker's own words that ask for it, copied exactly.")]
    why: Annotated[
        Literal["forget", "wrong"],
        Field(description="wrong: it was never true, with all that follows from it."),
    ] = "forget"


def run(call: ToolRun, arguments: Arguments) -> ToolResult:
    """Take the fact away; an undo brings a forgotten one back for a day."""
    foreign = remembering.foreign_part(call)
    if foreign is not None:
        raise gates.Refused(f"the message holds {foreign}; the person can do it by /memories", "foreign")
    if call.view.scope.user_id is None:
        raise gates.Refused("nobody to forget it of", "nobody")
    gates.source_of(arguments.quote, call.view.current)
    memory_id = remembering.fact_numbered(call, arguments.number)
    if arguments.why == "wrong":
        closed = correcting.wrong(call.session, call.view.scope, memory_id, call.now)
        return ToolResult("Closed as wrong: " + "; ".join(row.text for row in closed))
    row = facts.delete(call.session, call.view.scope, memory_id, call.now)
    if row is None:
        raise gates.Refused("there is no such fact", "alias")
    return ToolResult(f"Forgotten: {row.text}")


TOOL = Tool(
    name="forget_user_fact",
    description="Forget a remembered fact when the person you are answering asks so or says it is wrong.",
    arguments=Arguments,
    run=run,
)
