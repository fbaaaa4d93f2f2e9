"""The layers of one turn, ready to be assembled by a plan into messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import data, history, summaries
from bot.context.budget import Plan
from bot.context.facts import fact_lines
from bot.context.inert import CUT
from bot.context.system import SystemPrompt
from bot.context.visual import Key
from bot.core.cut import cut_middle
from bot.core.llm import Message, ToolSpec
from bot.core.ports import TokenCounter
from bot.core.views import FactView, TurnView


@dataclass(frozen=True, slots=True)
class Prompt:
    """An assembled prompt with the tools that stay beside it."""

    messages: list[Message]
    tools: tuple[ToolSpec, ...]


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that may stand in the prompt, already inert; `assemble` takes what a plan allows."""

    view: TurnView
    counter: TokenCounter
    system: SystemPrompt
    zone: ZoneInfo
    bot_name: str
    tools: tuple[ToolSpec, ...]
    base: tuple[str, ...]
    states: tuple[str, ...]
    recalled: tuple[data.Recalled, ...]
    sections: tuple[summaries.Section, ...]
    lines: Sequence[history.Line]
    facts: tuple[FactView, ...]
    marks: Mapping[Key, str]
    parts: tuple[dict[str, Any], ...] = ()
    shown: tuple[Key, ...] = ()

    def assemble(self, plan: Plan) -> Prompt:
        """The messages: one system message, the history, and one last message of the user."""
        tools = self.tools[: plan.tools]
        facts = fact_lines(self.facts, plan.facts)
        inside = facts if self.system.holds_facts else ""
        retold = summaries.render(self.sections, plan.summaries, self.counter)
        kept = self.lines[len(self.lines) - plan.history :]
        messages: list[Message] = [
            {"role": "system", "content": self.system.render(tools, retold, inside)},
            *history.as_messages(kept, self.bot_name),
        ]
        recalled = [item for item in self.recalled if item.id in plan.recall]
        last = self.block("" if inside else facts, self._replied(plan.replied), recalled)
        if said := self._current(plan.current):
            last += f"\n{said}"
        if len(messages) > 1 and messages[-1]["role"] == "user":
            last = f"{messages.pop()['content']}\n{last}"
        return Prompt([*messages, text_content("user", last, self.parts)], tools)

    def block(self, facts: str, replied: str, recalled: Sequence[data.Recalled]) -> str:
        """The data block with these layers in it."""
        lines = [*self.base, *data.fact_block(self.view, facts), *self.states]
        if recalled:
            lines.append("recalled from earlier messages and documents:")
            lines += [data.recalled_line(item, self.zone) for item in recalled]
        if self.view.replied is not None:
            lines.append(data.replied_heading(self.view.replied, self.zone))
            lines += [replied] if replied else []
        return data.block(lines)

    def without_pictures(self, mark: str) -> Layers:
        """The same with a word in the place of every picture."""
        return replace(self, parts=(), shown=(), marks={**self.marks, **dict.fromkeys(self.shown, mark)})

    def _replied(self, cap: int) -> str:
        if self.view.replied is None:
            return ""
        return cut_middle(data.replied_text(self.view.replied, self.marks), cap, self.counter, CUT)

    def _current(self, cap: int) -> str:
        if not self.view.current:
            return ""
        return cut_middle(data.current_text(self.view, self.marks), cap, self.counter, CUT)


def text_content(role: str, text: str, parts: Sequence[dict[str, Any]]) -> Message:
    """A message of plain text, or of a text part with the pictures after it."""
    return {"role": role, "content": [{"type": "text", "text": text}, *parts] if parts else text}
