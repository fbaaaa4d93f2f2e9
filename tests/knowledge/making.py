"""Small documents, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from docx import Document
from docx.oxml import OxmlElement
from pypdf import PdfReader, PdfWriter

HOUSE_RULES = (
    ("House rules", "Quiet hours are from 22:00 to 8:00.", "Bicycles stand in the yard, not on the stairs."),
    ("Waste", "Glass goes into the green container.", "Paper is collected every second Tuesday."),
    ("Parking", "Guest parking costs 35 hryvnias an hour.", "Residents pay by the month."),
)


def pdf(
    pages: Sequence[Sequence[str]], *, outline: bool = False, password: str | None = None, owner: str = ""
) -> bytes:
    """A PDF whose pages show these lines in any letters; their first lines make the outline."""
    letters = sorted({char for page in pages for line in page for char in line})
    codes = {char: number for number, char in enumerate(letters, start=1)}
    mapped = "\n".join(f"<{codes[c]:02x}> <{c.encode('utf-16-be').hex()}>" for c in letters)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(letters)} beginbfchar\n{mapped}\nendbfchar endcmap end end"
    )
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 4 0 R >>",
        _stream(cmap),
    ]
    for number, page in enumerate(pages):
        shown = "".join(
            f"<{''.join(f'{codes[c]:02x}' for c in line)}> Tj 0 -{30 if not at else 14} Td "
            for at, line in enumerate(page)
        )
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> "
            f"/Contents {6 + 2 * number} 0 R >>"
        )
        objects.append(_stream(f"BT /F 12 Tf 50 780 Td {shown}ET"))
    raw = _assembled(objects)
    if outline or owner or password is not None:
        return _rewritten(raw, pages if outline else (), password, owner)
    return raw


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def _assembled(objects: Sequence[str]) -> bytes:
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
    return f"{out}{tail}startxref\n{len(out)}\n%%EOF\n".encode("latin-1")


def _rewritten(raw: bytes, outline: Sequence[Sequence[str]], password: str | None, owner: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(raw)))
    for number, page in enumerate(outline):
        writer.add_outline_item(title=page[0], page_number=number)
    if password is not None or owner:
        writer.encrypt(user_password=password or "", owner_password=owner or None, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*, with_pages: bool = False) -> bytes:
    """A Word document with headings, paragraphs and a table."""
    document = Document()
    document.add_heading("House rules", 0)
    document.add_heading("Quiet", 1)
    document.add_paragraph("Quiet hours are from 22:00 to 8:00.")
    document.add_heading("Parking", 1)
    paragraph = document.add_paragraph()
    if with_pages:
        paragraph.add_run()._r.append(OxmlElement("w:lastRenderedPageBreak"))
    paragraph.add_run("Guests park in the yard.")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(
        table.rows, (("Who", "Price"), ("Guest", "35 UAH"), ("Resident", "0")), strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()
