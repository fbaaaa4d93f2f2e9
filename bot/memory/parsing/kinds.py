"""What sort of document a file is: by its first bytes, its name, and what its sender says it is."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Literal

from bot.memory.parsing.refusals import DocumentRefused

Kind = Literal["pdf", "docx", "html", "markdown", "text", "csv", "json"]

_BY_SUFFIX: Final[dict[str, Kind]] = {
    ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown",
    ".markdown": "markdown", ".txt": "text", ".text": "text", ".log": "text", ".rst": "text", ".csv": "csv",
    ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_BY_MIME: Final[dict[str, Kind]] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "markdown",
    "text/plain": "text",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/json": "json",
    "application/x-ndjson": "json",
}
_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 1024
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


def named_kind(name: str | None, mime: str | None) -> Kind | None:
    """The kind that name and MIME type promise; None for what cannot be read."""
    suffix = PurePath(name or "").suffix.lower()
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    plain = (mime or "").partition(";")[0].strip().lower()
    if plain in _BY_MIME:
        return _BY_MIME[plain]
    return "text" if plain.startswith("text/") else None


def kind_of(name: str | None, mime: str | None, data: bytes) -> Kind:
    """The kind that the bytes agree with. Raises DocumentRefused for what cannot be read."""
    promised = named_kind(name, mime)
    if _PDF in data[:_HEAD]:
        return "pdf"
    if data.startswith(_OLE):
        # A .docx with a password is wrapped so; without that name it is an old .doc or .xls.
        raise DocumentRefused("encrypted" if promised == "docx" else "unsupported")
    if promised == "docx" and data.startswith(_ZIP):
        return "docx"
    if promised is None or data.startswith(_ZIP):
        raise DocumentRefused("unsupported")
    if promised in ("pdf", "docx"):
        raise DocumentRefused("broken" if data.strip() else "empty")
    if b"\x00" in data[:_HEAD] and not data.startswith(_WIDE_MARKS):
        raise DocumentRefused("unsupported")
    return promised
