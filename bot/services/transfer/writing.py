"""Exports as text: JSON and JSON lines for programs, Markdown and HTML for people; a piece at a time."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Literal, get_args

from bot.services.transfer.exporting import TYPES, Records
from bot.services.transfer.telling import Line, Said, Telling

Format = Literal["json", "jsonl", "md", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
MIME = {
    "json": "application/json", "jsonl": "application/x-ndjson", "md": "text/markdown", "html": "text/html",
}  # fmt: skip

Text = AsyncIterator[str]


def write(records: Records, format_: Format) -> Text:
    """The text of an export."""
    writers: dict[Format, Callable[[Records], Text]] = {
        "json": _json, "jsonl": _jsonl, "md": _markdown, "html": _html,
    }  # fmt: skip
    return writers[format_](records)


async def _json(records: Records) -> Text:
    """One object with a list for each type, all of them there, in a fixed order."""
    at, first = -1, True
    async for kind, record in records:
        if kind == "export":
            yield json.dumps(record, ensure_ascii=False)[:-1]
            continue
        while at < 0 or TYPES[at] != kind:
            at += 1
            yield _opening(at)
            first = True
        yield ("\n" if first else ",\n") + json.dumps(record, ensure_ascii=False)
        first = False
    for left in range(at + 1, len(TYPES)):
        yield _opening(left)
    yield "]}\n"


def _opening(at: int) -> str:
    return f"{']' if at > 0 else ''},\n{json.dumps(TYPES[at])}: ["


async def _jsonl(records: Records) -> Text:
    """A record a line, with what it is."""
    async for kind, record in records:
        yield json.dumps({"record": kind, **record}, ensure_ascii=False) + "\n"


async def _markdown(records: Records) -> Text:
    """Whatever people wrote is inert in it: neither markup nor HTML."""
    async for piece in _told(records):
        if isinstance(piece, Line):
            yield {"title": "# {}\n\n", "note": "{}\n", "section": "\n## {}\n\n", "day": "### {}\n\n",
                   "item": "- {}\n"}[piece.kind].format(_md(piece.text))  # fmt: skip
            continue
        notes = "".join(f", {_md(note)}" for note in piece.notes)
        quoted = [f"> > {_md(piece.quote)}", ">"] if piece.quote else []
        said = "\n".join([*quoted, *(f"> {_md(line)}  " for line in piece.text.splitlines())])
        yield f"**{_md(piece.who)}**, {piece.at}{notes}\n\n{said}\n\n"


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Mnema</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
body{color:#222;background:#fff}
h2{margin:3rem 0 1rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere}
h3{margin:1.5rem 0 .5rem;font-size:.85rem;font-weight:600;color:#666;text-align:center}
.m{margin:.5rem 3rem .5rem 0;padding:.5rem .8rem;border-radius:.6rem;background:#f2f2f2}
.outgoing{background:#e4f0fb;margin:.5rem 0 .5rem 3rem}
.system{background:none;margin:.3rem 0;text-align:center;color:#666;font-size:.9rem}
.m p,.m blockquote{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
.m blockquote{padding-left:.6rem;border-left:3px solid #9bb;color:#555;font-size:.9rem}
.m b{overflow-wrap:anywhere}
.w{font-size:.8rem;color:#666}
li{margin:.3rem 0;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.m{background:#262626}
.outgoing{background:#1d3040}.system{background:none}.w,h3,.system,.m blockquote{color:#999}}
@media print{.m{break-inside:avoid}}
</style></head><body>
"""

_LINES = {
    "title": "<h1>{}</h1>\n", "note": '<p class="w">{}</p>\n', "section": "<h2>{}</h2>\n",
    "day": "<h3>{}</h3>\n", "item": "<li>{}</li>\n",
}  # fmt: skip


async def _html(records: Records) -> Text:
    """One file that needs nothing else; whatever people wrote is inert in it."""
    yield _PAGE
    listing = False
    async for piece in _told(records):
        item = isinstance(piece, Line) and piece.kind == "item"
        if item is not listing:
            listing = item
            yield "<ul>\n" if item else "</ul>\n"
        if isinstance(piece, Line):
            yield _LINES[piece.kind].format(html.escape(piece.text))
            continue
        when = html.escape(", ".join((piece.at, *piece.notes)))
        side = piece.side if piece.side in ("outgoing", "system") else "incoming"
        quoted = f'<blockquote dir="auto">{html.escape(piece.quote)}</blockquote>' if piece.quote else ""
        yield (
            f'<div class="m {side}"><b>{html.escape(piece.who)}</b> <span class="w">{when}</span>'
            f'{quoted}<p dir="auto">{html.escape(piece.text)}</p></div>\n'
        )
    yield "</ul>\n</body></html>\n" if listing else "</body></html>\n"


async def _told(records: Records) -> AsyncIterator[Said | Line]:
    telling = Telling()
    async for kind, record in records:
        for piece in telling.tell(kind, record):
            yield piece
    for piece in telling.end():
        yield piece


def _md(text: str) -> str:
    """The text with every mark of Markdown escaped, also those that count only where a line begins."""
    escaped = "".join(f"\\{char}" if char in _MARKS else char for char in text)
    return _LEADING.sub(r"\1\\\2", escaped)


_MARKS = frozenset("\\`*_[]<>#&|~!$")
_LEADING = re.compile(r"^(\s*\d*)([-+=.)])")
