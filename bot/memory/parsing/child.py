"""The process that opens one foreign file: few rights, little memory, and nothing secret around it."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from bot.memory.parsing.blocks import Pile
from bot.memory.parsing.refusals import DocumentRefused

SECONDS = 30
"""Of computing; the parent waits as long on the clock."""

MEMORY = 1536 * 1024 * 1024
"""Bytes of address space."""

_PARSERS: Final = {
    "pdf": "bot.memory.parsing.pdf:pdf",
    "docx": "bot.memory.parsing.docx:docx",
    "html": "bot.memory.parsing.html:html",
    "markdown": "bot.memory.parsing.plain:markdown",
    "text": "bot.memory.parsing.plain:text",
    "csv": "bot.memory.parsing.plain:table",
    "json": "bot.memory.parsing.plain:json_text",
}
"""Where each kind's parser is; its library is imported only when it is needed."""


def main() -> None:
    """Read a file of the kind in the arguments from stdin; write its blocks, or why there are none."""
    _limit()
    output = json.dumps(answer(sys.argv[1], sys.stdin.buffer.read()), ensure_ascii=False)
    sys.stdout.buffer.write(output.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def answer(kind: str, data: bytes) -> dict[str, Any]:
    """The blocks of a file as rows, or the reason why there are none."""
    pile = Pile()
    try:
        _parser(kind)(data, pile)
    except DocumentRefused as refusal:
        return {"refused": refusal.reason}
    except MemoryError:
        pile.blocks.clear()
        return {"refused": "heavy"}
    return {"blocks": [[block.text, block.page, block.level] for block in pile.blocks]}


def _parser(kind: str) -> Callable[[bytes, Pile], None]:
    module, _, name = _PARSERS[kind].partition(":")
    parser: Callable[[bytes, Pile], None] = getattr(import_module(module), name)
    return parser


def _limit() -> None:
    limits = (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    )
    for what, most in limits:
        # Not every system knows every limit; the parent's clock stands behind them all.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
