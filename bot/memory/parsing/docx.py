"""Word documents: paragraphs, headings and tables in their order."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Final

from docx import Document
from docx.document import Document as Opened
from docx.opc.exceptions import OpcError
from docx.oxml.exceptions import InvalidXmlError
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError  # type: ignore[import-untyped]

from bot.memory.parsing.blocks import Pile
from bot.memory.parsing.refusals import DocumentRefused

MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 200
MOST_PARTS = 5000

_SMALL: Final = 1024 * 1024
_TITLE: Final = "Title"
_HEADING = re.compile(r"Heading (\d)")
_BODY: Final = "word/document.xml"


def docx(data: bytes, pile: Pile) -> None:
    """Add the document's paragraphs and table rows. Raises DocumentRefused."""
    _check(data)
    try:
        _read(Document(io.BytesIO(data)), pile)
    except (OpcError, InvalidXmlError, LxmlError, zipfile.BadZipFile, zlib.error) as error:
        raise DocumentRefused("broken") from error
    except (KeyError, ValueError, AttributeError, IndexError, OSError, EOFError, RecursionError) as error:
        raise DocumentRefused("broken") from error


def _check(data: bytes) -> None:
    """Refuse an archive that would unpack to far more than it is, or is no Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise DocumentRefused("broken") from None
    unpacked = sum(part.file_size for part in parts)
    bombs = (p for p in parts if p.file_size > _SMALL and p.file_size > MOST_RATIO * max(1, p.compress_size))
    if unpacked > MOST_UNPACKED or len(parts) > MOST_PARTS or any(bombs):
        raise DocumentRefused("heavy")
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentRefused("encrypted")
    if _BODY not in {part.filename for part in parts}:
        raise DocumentRefused("unsupported")


def _read(document: Opened, pile: Pile) -> None:
    # Pages are known only where a word processor noted its page breaks.
    page = 1 if document.element.xpath("boolean(//w:lastRenderedPageBreak)") else None
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            pile.add_rows([_cells(row) for row in item.rows], page)
            continue
        breaks = item.rendered_page_breaks if page is not None else []
        at_once = bool(breaks) and breaks[0].preceding_paragraph_fragment is None
        first = None if page is None else page + at_once
        pile.add(item.text, first, _level(item))
        page = None if page is None else page + len(breaks)


def _level(paragraph: Paragraph) -> int:
    style = paragraph.style
    name = style.name if style is not None else None
    if name == _TITLE:
        return 1
    found = _HEADING.fullmatch(name or "")
    return int(found[1]) if found else 0


def _cells(row: _Row) -> list[str]:
    """The texts of a row's cells; one that spans several columns once."""
    texts, last = [], None
    for cell in row.cells:
        if cell._tc is not last:
            texts.append(cell.text)
        last = cell._tc
    return texts
