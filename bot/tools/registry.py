"""The tools of a turn: their schemas, and one transaction for a call and the record of its result."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from bot.core.errors import MnemaError
from bot.core.llm import ToolCall, ToolSpec
from bot.core.text import one_line
from bot.core.views import TurnView
from bot.db.engine import Database
from bot.db.repositories import turns

log = logging.getLogger(__name__)

RESULT_LENGTH = 4000
"""Characters of a tool's result that go back to the model."""


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What tools need to know of the configuration."""

    max_facts: int = 50


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call's surroundings: the transaction, the turn as it was read, the time."""

    session: Session
    view: TurnView
    now: datetime
    settings: ToolSettings


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What goes back to the model, and what code tells the person (notices as plain rows)."""

    text: str
    notices: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: `arguments` validates what the model wrote; `run` works inside one unit of work.

    `saving` marks a tool after which a model that has already said something need not be asked again,
    `reads` one that changes nothing: asked again within a turn it looks again.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[ToolRun, Any], ToolResult]
    saving: bool = False
    reads: bool = False

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(self.name, self.description, _schema(self.arguments))


@cache
def _schema(arguments: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON schema without what costs tokens and says nothing: titles, null for absence."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    fields = schema.get("properties", {})
    for name, field_schema in fields.items():
        fields[name] = _plain(field_schema)
    return schema


def _plain(field_schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in field_schema.items() if key not in ("title", "anyOf")}
    kinds = [kind for kind in field_schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        kept = {**kinds[0], **kept}
    elif kinds:
        kept["anyOf"] = kinds
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept


@dataclass(frozen=True, slots=True)
class Executed:
    """A call that was executed (or read back from an earlier attempt)."""

    text: str
    notices: tuple[dict[str, Any], ...] = field(default=())
    failed: bool = False


class ToolRegistry:
    """All tools, by name."""

    def __init__(self, tools: Sequence[Tool], database: Database, settings: ToolSettings) -> None:
        self._tools: Mapping[str, Tool] = {tool.name: tool for tool in tools}
        self._db = database
        self._settings = settings

    def specs(self) -> tuple[ToolSpec, ...]:
        """All tools as the model sees them, most needed first."""
        return tuple(tool.spec for tool in self._tools.values())

    def only_saving(self, calls: Sequence[ToolCall]) -> bool:
        """Whether the calls do nothing but save."""
        return all(call.name in self._tools and self._tools[call.name].saving for call in calls)

    async def execute(self, call: ToolCall, view: TurnView, now: datetime) -> Executed:
        """Run a call of a turn once; the same call again returns its first result.

        Bad arguments and refusals come back as text for the model, never as exceptions.
        """
        if view.turn_id is None:
            raise ValueError("tools run only within a turn")
        tool = self._tools.get(call.name)
        turn_id, key = view.turn_id, step_key(call, each=tool is not None and tool.reads)

        def unit(session: Session) -> dict[str, Any]:
            turns.lock(session, turn_id)
            known = turns.step(session, turn_id, key)
            if known is not None:
                return known
            data = self._run(ToolRun(session, view, now, self._settings), call)
            turns.record_step(session, turn_id, key, data, now)
            return data

        data = await self._db.write(unit)
        return Executed(data["text"], tuple(data["notices"]), data["failed"])

    def _run(self, run: ToolRun, call: ToolCall) -> dict[str, Any]:
        tool = self._tools.get(call.name)
        if tool is None:
            return _failure(f"There is no tool {one_line(call.name, 64)!r}. Tools: {', '.join(self._tools)}.")
        try:
            arguments = tool.arguments.model_validate_json(call.arguments or "{}")
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:3]
            )
            return _failure(f"The arguments do not fit: {faults}")
        try:
            with run.session.begin_nested():
                result = tool.run(run, arguments)
        except MnemaError as refusal:
            return _failure(f"Not done: {refusal}")
        return {"text": result.text[:RESULT_LENGTH], "notices": list(result.notices), "failed": False}


def _failure(text: str) -> dict[str, Any]:
    return {"text": text[:RESULT_LENGTH], "notices": [], "failed": True}


def step_key(call: ToolCall, *, each: bool = False) -> str:
    """What makes two calls of a turn the same: the tool and its arguments, whatever their spelling.

    With `each` the call's own id counts too: then only a re-run of the turn meets the same call again.
    """
    try:
        canonical = json.dumps(json.loads(call.arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        canonical = call.arguments
    if each:
        canonical += f"\n{call.id}"
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f"tool:{one_line(call.name, 64)}:{digest}"
