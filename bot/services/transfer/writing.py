"""Exports as text: JSON and JSON lines for programs, Markdown and HTML for people; a piece at a time."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator, Callable
from typing import Literal, get_args

from bot.core.text import one_line
from bot.db.repositories.transfer import Record
from bot.services.transfer.exporting import TYPES, Records

Format = Literal["json", "jsonl", "md", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
MIME = {
    "json": "application/json", "jsonl": "application/x-ndjson", "md": "text/markdown", "html": "text/html",
}  # fmt: skip

Text = AsyncIterator[str]

_SECTIONS = {"facts": "What is remembered", "states": "Unfinished", "bookings": "Bookings",
             "documents": "Documents"}  # fmt: skip


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
    talks: dict[str, Record] = {}
    names: dict[str, str] = {}
    shown = ""
    async for kind, record in records:
        heading, shown = _heading(kind, record, shown, talks, names)
        if heading:
            yield f"\n## {_md(heading)}\n\n"
        if kind == "export":
            yield f"# Mnema\n\n{_day(record['exported_at'])}\n"
        elif kind == "messages":
            said = "\n".join(f"> {line}" for line in _content(record).splitlines())
            yield f"**{_md(_speaker(record, names))}**, {_day(record['sent_at'])}\n\n{said}\n\n"
        elif kind in _SECTIONS:
            yield f"- {_md(_line(kind, record))}\n"


_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mnema</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
body{color:#222;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}
.m{margin:.6rem 0;padding:.5rem .8rem;border-radius:.6rem;background:#f2f2f2}
.outgoing{background:#e4f0fb;margin-left:2rem}
.m p{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.w{font-size:.8rem;color:#666}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.m{background:#262626}.outgoing{background:#1d3040}}
</style></head><body><h1>Mnema</h1>
"""


async def _html(records: Records) -> Text:
    """One file that needs nothing else; whatever people wrote is inert in it."""
    talks: dict[str, Record] = {}
    names: dict[str, str] = {}
    shown = ""
    yield _PAGE
    async for kind, record in records:
        heading, shown = _heading(kind, record, shown, talks, names)
        if heading:
            yield f"<h2>{html.escape(heading)}</h2>\n"
        if kind == "export":
            yield f'<p class="w">{_day(record["exported_at"])}</p>\n'
        elif kind == "messages":
            who = html.escape(f"{_speaker(record, names)}, {_day(record['sent_at'])}")
            side = "outgoing" if record["direction"] == "outgoing" else "incoming"
            said = html.escape(_content(record))
            yield f'<div class="m {side}"><span class="w">{who}</span><p>{said}</p></div>\n'
        elif kind in _SECTIONS:
            yield f"<p>• {html.escape(_line(kind, record))}</p>\n"
    yield "</body></html>\n"


def _heading(
    kind: str, record: Record, shown: str, talks: dict[str, Record], names: dict[str, str]
) -> tuple[str, str]:
    """The heading that stands before this record, if one does, and what stands there now."""
    if kind == "users":
        full = " ".join(filter(None, (record["first_name"], record["last_name"])))
        names[f"{record['platform']}:{record['external_id']}"] = full or record["external_id"]
    elif kind == "chats":
        names[f"chat:{record['platform']}:{record['external_id']}"] = record["title"] or ""
    elif kind == "conversations":
        talks[record["id"]] = record
    place = record["conversation"] if kind == "messages" else kind
    if place == shown or (kind != "messages" and kind not in _SECTIONS):
        return "", shown
    if kind in _SECTIONS:
        return _SECTIONS[kind], place
    talk = talks.get(place, {})
    title = talk.get("title") or names.get(f"chat:{talk.get('chat')}") or "Conversation"
    return f"{title}, {_day(talk.get('created_at') or record['sent_at'])[:10]}", place


def _speaker(record: Record, names: dict[str, str]) -> str:
    return names.get(record["sender"] or "") or record["sender_label"].split(" (")[0] or record["direction"]


def _content(record: Record) -> str:
    said: str = record["content"]
    files = [f"[{file['name'] or file['kind']}]" for file in record["files"]]
    quoted = f"«{record['quote']}»\n" if record["quote"] else ""
    return quoted + " ".join(filter(None, (said, *files)))


def _line(kind: str, record: Record) -> str:
    if kind == "facts":
        over = " (over)" if record["invalid_at"] else ""
        return one_line(f"{record['text']} ({_day(record['valid_at'])[:10]}){over}", 1000)
    if kind == "states":
        said = json.dumps(record["data"], ensure_ascii=False)
        return one_line(f"{record['type']}: {said}", 1000)
    if kind == "bookings":
        parts = (record[name] for name in ("service", "master", "date", "time", "phone", "status"))
        return one_line(", ".join(filter(None, parts)), 1000)
    return one_line(f"{record['title']} ({_day(record['created_at'])[:10]})", 1000)


def _day(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _md(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>#" else char for char in text)
