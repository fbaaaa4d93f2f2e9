"""What every parser makes of a document: blocks of text in their order, with the page they stand on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.text import visible
from bot.memory.parsing.refusals import DocumentRefused

MOST_CHARACTERS = 2_000_000
MOST_BLOCKS = 200_000

_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n ?")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a table row or, with a `level` of 1 and more, a heading; `page` counts from 1."""

    text: str
    page: int | None = None
    level: int = 0


@dataclass(slots=True)
class Pile:
    """Collects blocks, cleaned. Raises DocumentRefused("too_long") when there is too much of them."""

    blocks: list[Block] = field(default_factory=list)
    size: int = 0

    def add(self, text: str, page: int | None = None, level: int = 0) -> None:
        """Put a block behind the others; one without any text is left out."""
        self.size += len(text)
        if self.size > MOST_CHARACTERS or len(self.blocks) >= MOST_BLOCKS:
            raise DocumentRefused("too_long")
        tidy = tidied(text)
        if tidy:
            self.blocks.append(Block(tidy.replace("\n", " ") if level else tidy, page, level))

    def add_rows(self, rows: Sequence[Sequence[str]], page: int | None = None) -> None:
        """Put a table behind the others: each row with its columns' names, which the first row has."""
        table = [[" ".join(cell.split()) for cell in row] for row in rows]
        table = [row for row in table if any(row)]
        if len(table) < 2 or not all(table[0]):
            for row in table:
                self.add(" | ".join(filter(None, row)), page)
            return
        head = table[0]
        for row in table[1:]:
            named = [f"{name}: {cell}" for name, cell in zip(head, row, strict=False) if cell]
            self.add("; ".join([*named, *filter(None, row[len(head) :])]), page)


def tidied(text: str) -> str:
    """The text without hidden characters, with single spaces and plain line breaks."""
    text = visible(text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES))
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
