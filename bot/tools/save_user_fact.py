"""save_user_fact: the asker said something about themselves that should be remembered."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.memory import facts, gates
from bot.memory.kinds import KINDS, SINGLE
from bot.memory.others import about_other
from bot.tools import remembering
from bot.tools.registry import Tool, ToolResult, ToolRun


class Arguments(BaseModel):
    """What the model writes."""

    text: Annotated[str, Field(description="The fact, one short sentence in the language it was said in.")]
    kind: Annotated[str, Field(description="What it is about.", json_schema_extra={"enum": list(KINDS)})]
    quote: Annotated[str, Field(description="The asker's own words that say it, copied exactly.")]
    replaces: Annotated[
        int | None, Field(description="Number of the outdated fact, as get_user_facts lists it.")
    ] = None


def run(call: ToolRun, arguments: Arguments) -> ToolResult:
    """Check the fact, keep it with its source, and let code tell the person."""
    foreign = remembering.foreign_part(call)
    text = gates.checked_fact(arguments.text)
    kind = gates.checked_kind(arguments.kind)
    source = remembering.source_of(call, arguments.quote, foreign)
    other = about_other(arguments.quote)
    fact = facts.NewFact(
        text=text,
        kind="family" if other and kind in SINGLE else kind,
        quote=arguments.quote,
        message_id=source.id,
        replaces=[remembering.fact_numbered(call, arguments.replaces)] if arguments.replaces else [],
        about_other=other,
    )
    return remembering.keep(call, fact, foreign)


TOOL = Tool(
    name="save_user_fact",
    description=(
        "Remember a lasting fact that the person you are answering states about themselves (name, home, "
        "work, family, diet, preferences, plans ...) or asks you to remember. One call per fact. Not for "
        "small talk, questions, other people, or forwarded text."
    ),
    arguments=Arguments,
    run=run,
    saving=True,
)
