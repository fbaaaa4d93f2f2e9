"""The one system message: the prompt file with its blocks in place, then summaries and what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.context.data import preferences
from bot.context.inert import line, name
from bot.context.permanent import placed_blocks, substitute
from bot.core.llm import ToolSpec
from bot.core.views import TurnView


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """The prompt of one turn. In groups what belongs to the asker is left to the data block."""

    prompt: str
    values: Mapping[str, str]
    view: TurnView

    @property
    def holds_facts(self) -> bool:
        """Whether the facts stand here rather than in the data block."""
        return self.view.chat.private or "user_memories" in placed_blocks(self.prompt)

    @property
    def holds_pronouns(self) -> bool:
        """Whether the pronouns stand here rather than in the data block."""
        return self.view.chat.private or "user_pronouns" in placed_blocks(self.prompt)

    def render(self, tools: Sequence[ToolSpec], summaries: Sequence[str], facts: str) -> str:
        """The whole text; what has no place in the prompt file is appended under a heading."""
        placed = placed_blocks(self.prompt)
        pronouns = line(self.view.profile.pronouns or "", 60) if self.holds_pronouns else ""
        asker = name(self.view.asker.full_name)
        blocks = {"tools": tool_lines(tools), "user_pronouns": pronouns, "user_memories": facts}
        parts = [substitute(self.prompt, {**self.values, **blocks}).strip()]
        if tools and "tools" not in placed:
            parts.append(f"## Your tools\n{blocks['tools']}")
        if pronouns and "user_pronouns" not in placed:
            parts.append(f"## Pronouns of {asker}\n{pronouns}")
        if self.view.chat.private and (wishes := preferences(self.view.profile)):
            parts.append(f"## How {asker} wants to be answered\n{wishes}")
        parts += summaries
        if facts and "user_memories" not in placed:
            parts.append(f"## What you know about {asker}\n{facts}")
        return "\n\n".join(parts)


def tool_lines(tools: Sequence[ToolSpec]) -> str:
    """One `- name: what it does` a line."""
    return "\n".join(f"- {tool.name}: {line(tool.description, 300)}" for tool in tools)
