"""The tool loop: model, tools, model … until there is an answer, every step kept."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.llm import Completion, LLMRequest, Message, ToolCall, ToolSpec
from bot.core.ports import LLM, Clock
from bot.core.views import TurnView
from bot.db.engine import Database
from bot.db.repositories import ledger, turns
from bot.tools.registry import Executed, ToolRegistry
from bot.turns.steps import MODEL_KEY, llm_key, pack, unpack

ROUNDS = 6
"""Model calls of one turn, the last of them without tools."""

CALLS_PER_ROUND = 8
"""Tool calls of one model message that are executed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The loop's result: the text, the last call and all calls, and the notices of what tools did."""

    text: str
    completion: Completion
    calls: tuple[Completion, ...]
    notices: tuple[dict[str, Any], ...]
    prompt: Sequence[Message]


Prompt = Callable[[Sequence[Message]], Awaitable[tuple[list[Message], Sequence[ToolSpec]]]]
"""Builds the whole prompt, the given tool exchange at its end, with the tools to offer."""


class ToolLoop:
    """Runs one turn's calls. Each finished call is committed with its usage before anything else happens."""

    def __init__(
        self, llm: LLM, tools: ToolRegistry, database: Database, clock: Clock, max_tokens: int
    ) -> None:
        self._llm = llm
        self._tools = tools
        self._db = database
        self._clock = clock
        self._max_tokens = max_tokens

    async def run(
        self,
        view: TurnView,
        prompt: Prompt,
        done: dict[str, dict[str, Any]],
        on_text: Callable[[str], None],
    ) -> Outcome:
        """Answer a turn; `done` are the steps that an earlier attempt finished. Raises LLMError."""
        exchange: list[Message] = []
        notices: list[dict[str, Any]] = []
        made: list[Completion] = []
        said: list[str] = []
        seen: set[tuple[str, str]] = set()
        for number in range(ROUNDS):
            messages, specs = await prompt(exchange)
            offered = () if number == ROUNDS - 1 else specs
            before = "\n\n".join(said)
            completion = await self._step(view, number, messages, offered, done, _after(before, on_text))
            made.append(completion)
            if completion.text.strip():
                said.append(completion.text.strip())
            calls = completion.tool_calls[:CALLS_PER_ROUND]
            repeated = bool(calls) and all((c.name, c.arguments) in seen for c in calls)
            if not calls or not offered or repeated:
                break
            seen |= {(c.name, c.arguments) for c in calls}
            exchange.append(_asking(completion, calls))
            results = [await self._tools.execute(call, view, self._clock.now()) for call in calls]
            for call, result in zip(calls, results, strict=True):
                notices.extend(result.notices)
                exchange.append({"role": "tool", "tool_call_id": call.id, "content": result.text})
            if self._may_end(completion, calls, results):
                break
        return Outcome("\n\n".join(said), completion, tuple(made), tuple(notices), messages)

    def _may_end(
        self, completion: Completion, calls: Sequence[ToolCall], results: Sequence[Executed]
    ) -> bool:
        """A message with text and only saving tools that all worked needs no further call."""
        spoke = bool(completion.text.strip())
        return spoke and self._tools.only_saving(calls) and not any(result.failed for result in results)

    async def _step(
        self,
        view: TurnView,
        number: int,
        messages: Sequence[Message],
        offered: Sequence[ToolSpec],
        done: dict[str, dict[str, Any]],
        on_text: Callable[[str], None],
    ) -> Completion:
        key = llm_key(number)
        if key in done:
            return unpack(done[key])
        request = LLMRequest(
            messages=messages,
            max_tokens=self._max_tokens,
            purpose="reply",
            tools=offered,
            model=done.get(MODEL_KEY, {}).get("model"),
        )
        completion = await self._llm.complete(request, on_text)
        await self.keep(view, key, completion)
        return completion

    async def keep(self, view: TurnView, key: str, completion: Completion) -> None:
        """Commit a paid call: the step and its line in the ledger, together."""
        now, turn_id = self._clock.now(), view.turn_id
        assert turn_id is not None

        def unit(session: Any) -> None:
            if not turns.lock(session, turn_id):
                ledger.charge(session, completion, "reply", now)  # its asker was forgotten; it was paid for
            elif turns.step(session, turn_id, key) is None:
                turns.record_step(session, turn_id, key, pack(completion), now)
                ledger.charge(session, completion, "reply", now, turn_id=turn_id, user_id=view.scope.user_id)

        await self._db.write(unit)


def _after(before: str, on_text: Callable[[str], None]) -> Callable[[str], None]:
    """Show what was said in earlier rounds above the text that grows now."""
    if not before:
        return on_text
    return lambda text: on_text(f"{before}\n\n{text}")


def _asking(completion: Completion, calls: Sequence[ToolCall]) -> Message:
    return {
        "role": "assistant",
        "content": completion.text or None,
        "tool_calls": [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": _json(c.arguments)}}
            for c in calls
        ],
    }


def _json(arguments: str) -> str:
    """Endpoints refuse a history with malformed arguments, so a bad call goes back as an empty one."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except ValueError:
        return "{}"
