"""Text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from bot.memory.parsing.blocks import Pile
from bot.memory.parsing.letters import decode

_GAP = re.compile(r"\n[^\S\n]*\n")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_UNDERLINE = re.compile(r"(=+|-+)\s*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_SNIFFED = 8192
_DEPTH = 50


def text(data: bytes, pile: Pile) -> None:
    """Paragraphs between empty lines."""
    for paragraph in _GAP.split(_broken(decode(data))):
        pile.add(paragraph)


def markdown(data: bytes, pile: Pile) -> None:
    """Paragraphs, and headings of both forms; what stands in a fence is text."""
    waiting: list[str] = []
    fence = ""

    def flush() -> None:
        pile.add("\n".join(waiting))
        waiting.clear()

    for line in _broken(decode(data)).split("\n"):
        marked = _FENCE.match(line)
        if marked and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else marked[1]
        elif fence:
            waiting.append(line)
        elif found := _HEADING.fullmatch(line):
            flush()
            pile.add(found[2], level=len(found[1]))
        elif len(waiting) == 1 and (under := _UNDERLINE.fullmatch(line)):
            pile.add(waiting.pop(), level=1 if under[1][0] == "=" else 2)
        elif line.strip():
            waiting.append(line)
        else:
            flush()
    flush()


def table(data: bytes, pile: Pile) -> None:
    """Rows with the names of their columns."""
    content = _broken(decode(data))
    try:
        dialect: Any = csv.Sniffer().sniff(content[:_SNIFFED], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = list(csv.reader(content.split("\n"), dialect))
    except csv.Error:
        return text(data, pile)
    return pile.add_rows(rows)


def json_text(data: bytes, pile: Pile) -> None:
    """Objects as lines of names and values; what is no JSON is read as text."""
    content = decode(data)
    try:
        values = [json.loads(content)]
    except (ValueError, RecursionError):
        try:
            values = [json.loads(line) for line in content.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            return text(data, pile)
    for value in values:
        for item in _items(value):
            pile.add("; ".join(_leaves(item, "")))
    return None


def _items(value: Any) -> Iterator[Any]:
    """What makes a block each: the members of a list, the single object, the members of its long lists."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        plain = {key: item for key, item in value.items() if not isinstance(item, list | dict)}
        if plain:
            yield plain
        for key, item in value.items():
            if isinstance(item, list):
                yield from ({key: member} for member in item)
            elif isinstance(item, dict):
                yield {key: item}
    else:
        yield value


def _leaves(value: Any, path: str, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEPTH:
        for key, item in value.items():
            yield from _leaves(item, f"{path} › {key}" if path else str(key), depth + 1)
    elif isinstance(value, list) and depth < _DEPTH:
        for item in value:
            yield from _leaves(item, path, depth + 1)
    elif value is not None and value != "":
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"{path}: {shown}" if path else shown


def _broken(content: str) -> str:
    return content.replace("\r\n", "\n").replace("\r", "\n")
