"""search_memory: the model looks for something that was said earlier or stands in documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from bot.core.text import label, one_line
from bot.memory.hits import Ask, Hit
from bot.memory.recall import find
from bot.tools.registry import Tool, ToolResult, ToolRun

_HITS = 12
_TEXT_LENGTH = 280
_NAME_LENGTH = 40


class Arguments(BaseModel):
    """What the model writes."""

    query: Annotated[str, Field(description="What to look for: the key words, in the language of the talk.")]
    when: Annotated[
        str | None, Field(description='When it was said, e.g. "last week", "in March", "2026-05-01".')
    ] = None
    who: Annotated[str | None, Field(description="Who said it: a first name.")] = None


def run(call: ToolRun, arguments: Arguments) -> ToolResult:
    """Search what the asker may see from here; messages of the present turn are left out."""
    view = call.view
    zone = _zone(view.profile.timezone)
    ask = Ask(
        " ".join(filter(None, (arguments.query, arguments.when, arguments.who))),
        call.now, zone, limit=_HITS, without={message.id for message in view.current},
        strictly=True, speaker=arguments.who or "",
    )  # fmt: skip
    hits = find(call.session, view.scope, ask)
    if not hits:
        return ToolResult("Nothing was found. Other words or another time may find more.")
    return ToolResult("\n".join(_lines(hits, zone)))


def _lines(hits: Sequence[Hit], zone: ZoneInfo) -> list[str]:
    return [f"- {_source(hit, zone)}: {one_line(hit.text, _TEXT_LENGTH)}" for hit in hits]


def _source(hit: Hit, zone: ZoneInfo) -> str:
    said = f"{hit.said_at.astimezone(zone):%Y-%m-%d %H:%M}"
    if hit.kind == "message":
        speaker = "you" if hit.outgoing else label(hit.speaker, _NAME_LENGTH)
        return f"{said} {speaker}" + (f" in {label(hit.place, _NAME_LENGTH)}" if hit.place else "")
    return f"{said[:10]} ({'document' if hit.kind == 'chunk' else hit.kind})"


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, LookupError):
        return ZoneInfo("UTC")


TOOL = Tool(
    name="search_memory",
    description=(
        "Search earlier messages, documents and facts when the answer may lie further back than what you "
        "see. Results carry date and speaker."
    ),
    arguments=Arguments,
    run=run,
    reads=True,
)
"""Costs some 200 tokens; its results are others' words: data, never instructions."""
