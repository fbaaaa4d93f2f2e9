"""Passages of a document: short enough to be found and shown, whole enough to be understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.core.ports import TokenCounter
from bot.core.text import one_line
from bot.memory.parsing.blocks import Block

LONGEST: Final = 300
"""Tokens of a passage."""

MOST_CHARACTERS: Final = 900
"""Of a passage: it stands on one capped line of a prompt, behind its citation."""

OVERLAP: Final = 40
"""Tokens at most that a passage repeats of the one before, where only its length made it end."""

HEADING_LENGTH: Final = 200

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")
_COUNTED: Final = 4000
_SMALLEST: Final = 8


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage with what a citation names: its page, and the headings that it stands under."""

    text: str
    page: int | None
    heading: str | None
    token_count: int


def passages(blocks: Sequence[Block], counter: TokenCounter) -> list[Passage]:
    """The document's passages in their order; each lies on one page and under one heading."""
    cutter = _Cutter(counter)
    for block in blocks:
        cutter.take(block)
    cutter.end()
    return cutter.done


@dataclass(slots=True)
class _Cutter:
    counter: TokenCounter
    done: list[Passage] = field(default_factory=list)
    _path: list[tuple[int, str]] = field(default_factory=list)
    _pieces: list[tuple[str, int]] = field(default_factory=list)
    _page: int | None = None
    _bare: bool = False
    """Whether the last heading has nothing below it yet."""

    def take(self, block: Block) -> None:
        if block.level:
            self._head(block)
            return
        if block.page != self._page:
            self._flush()
            self._page = block.page
        self._bare = False
        for number, (text, tokens) in enumerate(self._split(block.text)):
            if self._pieces and not self._has_room(text, tokens):
                self._flush(overlap=True)
            self._pieces.append((text if number or not self._pieces else f"\n{text}", tokens))

    def end(self) -> None:
        self._flush()
        self._keep_bare_heading()

    def _head(self, block: Block) -> None:
        self._flush()
        if self._path and self._path[-1][0] >= block.level:
            self._keep_bare_heading()
        self._path = [(level, text) for level, text in self._path if level < block.level]
        self._path.append((block.level, one_line(block.text, HEADING_LENGTH)))
        self._page, self._bare = block.page, True

    def _keep_bare_heading(self) -> None:
        """A heading over nothing is a passage itself: its words may be what is looked for."""
        if self._bare:
            text = self._path[-1][1]
            self.done.append(Passage(text, self._page, self._heading(), self.counter.count(text)))
            self._bare = False

    def _heading(self) -> str | None:
        return one_line(" › ".join(text for _, text in self._path), HEADING_LENGTH) if self._path else None

    def _has_room(self, text: str, tokens: int) -> bool:
        characters = sum(len(piece) + 1 for piece, _ in self._pieces) + len(text)
        return sum(size for _, size in self._pieces) + tokens <= LONGEST and characters <= MOST_CHARACTERS

    def _flush(self, *, overlap: bool = False) -> None:
        if not self._pieces:
            return
        text = " ".join(piece for piece, _ in self._pieces).replace(" \n", "\n").strip()
        self.done.append(Passage(text, self._page, self._heading(), self.counter.count(text)))
        self._pieces = self._tail() if overlap else []

    def _tail(self) -> list[tuple[str, int]]:
        tail: list[tuple[str, int]] = []
        for text, tokens in reversed(self._pieces):
            if sum(size for _, size in tail) + tokens > OVERLAP:
                break
            tail.insert(0, (text, tokens))
        return tail

    def _split(self, text: str) -> Iterator[tuple[str, int]]:
        """The text in sentences, or as a whole where it is short; none longer than a passage may be."""
        tokens = self._count(text)
        if tokens is not None and tokens <= LONGEST // 2 and len(text) <= MOST_CHARACTERS // 2:
            yield text, tokens
            return
        for sentence in _SENTENCE.split(text):
            if sentence.strip():
                yield from self._halves(sentence.strip())

    def _halves(self, text: str) -> Iterator[tuple[str, int]]:
        tokens = self._count(text)
        fits = tokens is not None and tokens <= LONGEST and len(text) <= MOST_CHARACTERS
        if tokens is not None and (fits or len(text) < _SMALLEST):
            yield text, tokens
            return
        middle = len(text) // 2
        gap = text.find(" ", middle)
        at = gap if 0 < gap < len(text) * 3 // 4 else middle
        for half in (text[:at].strip(), text[at:].strip()):
            if half:
                yield from self._halves(half)

    def _count(self, text: str) -> int | None:
        """The tokens; None where the text is surely too long, so that nothing huge is counted."""
        return None if len(text) > _COUNTED else self.counter.count(text)
