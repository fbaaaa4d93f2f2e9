"""The layers of one turn, ready to be assembled by a plan into messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import data, history, summaries
from bot.context.budget import Plan
from bot.context.facts import fact_line, fact_lines
from bot.context.inert import CUT
from bot.context.recall import recalled_lines
from bot.context.system import SystemPrompt
from bot.context.visual import Key
from bot.core.cut import cut_middle
from bot.core.ids import seq_of
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
    now: datetime
    bot_name: str
    tools: tuple[ToolSpec, ...]
    base: tuple[str, ...]
    states: tuple[str, ...]
    recalled: tuple[data.Recalled, ...]
    sections: tuple[summaries.Section, ...]
    lines: Sequence[history.Line]
    important: Sequence[history.Line]
    facts: tuple[FactView, ...]
    marks: Mapping[Key, str]
    parts: tuple[dict[str, Any], ...] = ()
    shown: tuple[Key, ...] = ()

    def assemble(self, plan: Plan) -> Prompt:
        """The messages: one system message, the history, and one last message of the user."""
        tools = self.tools[: plan.tools]
        facts = fact_lines(self.facts, plan.facts, self.zone, self._told)
        inside = facts if self.system.holds_facts else ""
        retold = summaries.render(self.sections, plan.summaries, self.counter)
        kept, earlier = self.kept(plan), self.earlier(plan)
        messages: list[Message] = [
            {"role": "system", "content": self.system.render(tools, retold, inside)},
            *history.as_messages(kept, self.bot_name, earlier),
        ]
        recalled = [item for item in self.recalled if item.id in plan.recall]
        last = self.block("" if inside else facts, self._replied(plan.replied), recalled)
        if said := self._current(plan.current):
            last += f"\n{said}"
        if len(messages) > 1 and messages[-1]["role"] == "user":
            last = f"{messages.pop()['content']}\n{last}"
        return Prompt([*messages, text_content("user", last, self.parts)], tools)

    def kept(self, plan: Plan) -> Sequence[history.Line]:
        """The window."""
        return self.lines[len(self.lines) - plan.history :]

    def earlier(self, plan: Plan) -> list[history.Line]:
        """The older messages that matter, oldest first."""
        chosen = [item for item in self.important if seq_of(item.id) in plan.important]
        return sorted(chosen, key=lambda item: item.id)

    def fact_line(self, fact: FactView) -> str:
        """A fact as it stands in the prompt."""
        return fact_line(fact, self.zone, self._told)

    def recall_costs(self) -> list[int]:
        """Tokens of each recalled item; the first one of a day pays for the day's line."""
        costs, days = [], set()
        for item in self.recalled:
            *heading, said = recalled_lines([item], self.zone, self.now)
            fresh = [day for day in heading if day not in days]
            days.update(fresh)
            costs.append(self.counter.count("\n".join((*fresh, said))) + 1 + len(fresh))
        return costs

    @property
    def _told(self) -> datetime | None:
        """In the system message facts must read the same tomorrow; in the data block they need not."""
        return None if self.system.holds_facts else self.now

    def block(self, facts: str, replied: str, recalled: Sequence[data.Recalled]) -> str:
        """The data block with these layers in it."""
        lines = [*self.base, *data.fact_block(self.view, facts), *self.states]
        if recalled:
            lines.append("recalled from earlier messages and documents:")
            lines += recalled_lines(recalled, self.zone, self.now)
        if self.view.replied is not None:
            lines.append(data.replied_heading(self.view.replied, self.zone, self.now))
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
