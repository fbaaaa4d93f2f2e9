"""save_user_fact: the asker said something about themselves that should be remembered."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.db.repositories import memories
from bot.memory import facts, gates
from bot.memory.kinds import KINDS
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
    view = call.view
    gates.own_words_only(view.current)
    text = gates.checked_fact(arguments.text)
    source = gates.source_of(arguments.quote, view.current)
    fact = facts.NewFact(
        text=text,
        kind=gates.checked_kind(arguments.kind),
        quote=arguments.quote,
        message_id=source.id,
        replaces=_aliased(call, arguments.replaces),
    )
    saved = facts.save(call.session, view.scope, fact, call.settings.max_facts, call.now)
    if saved.known:
        return ToolResult(f"Already remembered: {saved.text}")
    notice = {
        "kind": "updated" if saved.closed else "remembered",
        "text": saved.text,
        "ids": [saved.memory_id],
    }
    return ToolResult(f"Remembered: {saved.text}", (notice,))


def _aliased(call: ToolRun, number: int | None) -> int | None:
    if number is None:
        return None
    listed = dict(memories.numbered(call.session, call.view.scope, call.now))
    if number not in listed:
        raise gates.Refused(f"there is no fact number {number}; call get_user_facts for the list")
    return listed[number].id


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
