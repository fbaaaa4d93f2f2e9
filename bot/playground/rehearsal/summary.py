"""Requests to summarise a conversation, met by picking its key lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.playground.rehearsal.phrases import say
from bot.playground.rehearsal.prompt import Line, Prompt
from bot.playground.rehearsal.talk import key_lines

_ASKED = re.compile(
    r"\b(?:summari[sz]e|summari[sz]ing|condense|shorten|(?:write|make|produce|keep|update"
    r"|renew)\b[^.\n]{0,60}\bsummary"
    r"|підсумуй|стисни|скороти|(?:напиши|зроби|склади|онови)\b[^.\n]{0,40}(?:підсум|стислий)"
    r"|суммируй|сократи|(?:напиши|сделай|составь|обнови)\b[^.\n]{0,40}(?:сводк|резюме|итог|пересказ))",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*[-*•]\s+(?P<text>\S.*)$")
_HEAD = 600
KEEP = 12


def wanted(prompt: Prompt) -> bool:
    """Whether the request is a job of summarising and not a turn of a chat."""
    if prompt.tools or prompt.has_block:
        return False
    return bool(_ASKED.search(prompt.system[:_HEAD]) or (not prompt.system and _ASKED.match(prompt.text)))


def summarise(prompt: Prompt, fits: Callable[[str], bool]) -> str:
    """The key lines with their speakers, what an earlier summary knew first, as many as `fits` allows."""
    lines, kept = _source(prompt)
    for count in range(KEEP, 0, -1):
        chosen = [
            f"- {line.name}: {_flat(line.text)}" if line.name else f"- {_flat(line.text)}"
            for line in key_lines(lines, count)
        ]
        text = "\n".join(dict.fromkeys([*kept[: count + KEEP], *chosen]))
        if text and fits(text):
            return text
        kept = kept[: max(1, len(kept) - 1)]
    return chosen[0] if lines and chosen else kept[0] if kept else say(prompt.language, "no_talk")


def _source(prompt: Prompt) -> tuple[list[Line], list[str]]:
    """The conversation's lines, and the bullets that an earlier summary left."""
    people = [*prompt.history, *prompt.current]
    lines, kept = [], [f"- {note}" for note in prompt.notes]
    for line in people:
        if line.name or line.mine:
            lines.append(line)
            continue
        for raw in line.text.split("\n"):
            if found := _BULLET.match(raw):
                kept.append(f"- {found['text']}")
            elif raw.strip() and not raw.rstrip().endswith(":") and not raw.startswith(("#", "<")):
                lines.append(Line("", raw))
    return lines, list(dict.fromkeys(kept))


def _flat(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 280 else flat[:279] + "…"
