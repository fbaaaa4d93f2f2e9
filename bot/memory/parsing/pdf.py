"""PDF: the text of each page, with the headings of its outline, without the lines that every page repeats."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError
from pypdf.generic import Destination

from bot.memory.parsing.blocks import Pile
from bot.memory.parsing.refusals import DocumentRefused

MOST_PAGES = 500

_FEWEST_FOR_REPEATS: Final = 5
_EDGE_LINES: Final = 2
_MOST_HEADINGS: Final = 500
_GAP = re.compile(r"\n\s*\n")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_DIGITS = re.compile(r"\d+")

Headings = Mapping[int, Mapping[str, int]]
"""For each page's index, its headings as they read without spaces, with their levels."""


def pdf(data: bytes, pile: Pile) -> None:
    """Add the pages' paragraphs. Raises DocumentRefused."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentRefused("encrypted")
        if len(reader.pages) > MOST_PAGES:
            raise DocumentRefused("too_many_pages")
        pages = [_lines(page.extract_text()) for page in reader.pages]
    except (DependencyError, FileNotDecryptedError):
        raise DocumentRefused("encrypted") from None
    except LimitReachedError:
        raise DocumentRefused("heavy") from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise DocumentRefused("broken") from None
    repeated, headings = _repeated(pages), _headings(reader)
    for number, lines in enumerate(pages, start=1):
        kept = [line for at, line in enumerate(lines) if not _is_repeated(line, at, len(lines), repeated)]
        _add_page(kept, number, headings.get(number - 1, {}), pile)


def _lines(text: str) -> list[str]:
    return _HYPHEN.sub("", text.replace("\r", "\n")).split("\n")


def _add_page(lines: Sequence[str], number: int, headings: Mapping[str, int], pile: Pile) -> None:
    waiting: list[str] = []
    for line in [*lines, None]:
        level = headings.get(_bare(line), 0) if line is not None else 0
        if line is None or level:
            for paragraph in _GAP.split("\n".join(waiting)):
                pile.add(paragraph, number)
            waiting = []
        if line is not None and level:
            pile.add(line, number, level)
        elif line is not None:
            waiting.append(line)


def _repeated(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Running heads and feet: lines at the edge of most pages, whatever numbers they hold."""
    if len(pages) < _FEWEST_FOR_REPEATS:
        return frozenset()
    edges = Counter(edge for lines in pages for edge in {_masked(line) for line in _edges(lines)})
    return frozenset(line for line, times in edges.items() if line and times > 0.6 * len(pages))


def _edges(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_EDGE_LINES]
    yield from lines[max(_EDGE_LINES, len(lines) - _EDGE_LINES) :]


def _is_repeated(line: str, at: int, count: int, repeated: frozenset[str]) -> bool:
    return (at < _EDGE_LINES or at >= count - _EDGE_LINES) and _masked(line) in repeated


def _masked(line: str) -> str:
    return _DIGITS.sub("0", " ".join(line.split()))


def _bare(line: str) -> str:
    return "".join(line.split()).casefold()


def _headings(reader: PdfReader) -> Headings:
    """The outline's titles by page; an outline that cannot be read is none."""
    found: dict[int, dict[str, int]] = {}
    try:
        for entry, level in _entries(reader.outline):
            page = reader.get_destination_page_number(entry)
            if page is not None and entry.title:
                found.setdefault(page, {})[_bare(str(entry.title))] = level
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return {}
    return found


def _entries(outline: Sequence[Any]) -> list[tuple[Destination, int]]:
    found: list[tuple[Destination, int]] = []
    waiting: list[tuple[Any, int]] = [(outline, 0)]
    while waiting and len(found) < _MOST_HEADINGS:
        entry, level = waiting.pop()
        if isinstance(entry, list):
            waiting.extend((member, level + 1) for member in reversed(entry))
        elif isinstance(entry, Destination):
            found.append((entry, level))
    return found
