"""An export as people read it: who said what on which day, in the zone of the one whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.text import one_line
from bot.db.repositories.transfer import Record

_SECTIONS = {
    "facts": "What is remembered", "states": "Unfinished", "bookings": "Bookings", "documents": "Documents",
}  # fmt: skip

_REMEMBERED = 5000
"""Messages of which the beginning is kept, for the replies to them; so size costs no memory."""

_GIST = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A message: its speaker, its time of day, which side it stands on, and what is quoted in it."""

    who: str
    at: str
    side: str
    text: str
    quote: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """Anything else: the title, the heading of a section or of a day, or an item of a list."""

    kind: str
    text: str


@dataclass(slots=True)
class Telling:
    """Tells records in their order; it knows names from the records that came before."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    names: dict[str, str] = field(default_factory=dict)
    talks: dict[str, Record] = field(default_factory=dict)
    gists: dict[str, str] = field(default_factory=dict)
    place: str = ""
    day: str = ""
    opened: Record = field(default_factory=dict)

    def tell(self, kind: str, record: Record) -> Iterator[Said | Line]:
        """What is to be written for a record."""
        if kind == "export":
            self.opened = record
        elif kind == "users":
            self._know(record)
        elif kind == "chats":
            title = record["title"] or ("Private chat" if record["type"] == "private" else "")
            self.names[f"chat:{record['platform']}:{record['external_id']}"] = one_line(title)
        else:
            yield from self._opening()
        if kind == "conversations":
            self.talks[record["id"]] = record
        elif kind == "messages":
            yield from self._message(record)
        elif kind in _SECTIONS:
            if self.place != kind:
                self.place = kind
                yield Line("section", _SECTIONS[kind])
            yield Line("item", self._item(kind, record))

    def end(self) -> Iterator[Said | Line]:
        """What is still to be written when there was nothing but people and chats."""
        yield from self._opening()

    def _opening(self) -> Iterator[Line]:
        """The title, once it is known whose it is."""
        if not self.opened:
            return
        opened, self.opened = self.opened, {}
        own = opened["scope"] == "user" and next(iter(self.names.values()), "")
        yield Line("title", f"Mnema: {own}" if own else "Mnema")
        yield Line("note", f"{self._moment(opened['exported_at']):%Y-%m-%d %H:%M} · {self.zone.key}")

    def _know(self, record: Record) -> None:
        full = one_line(" ".join(filter(None, (record["first_name"], record["last_name"]))))
        self.names[f"{record['platform']}:{record['external_id']}"] = full or record["external_id"]
        profile = record.get("profile")
        if self.opened.get("scope") == "user" and profile is not None and profile["timezone"]:
            try:
                self.zone = ZoneInfo(profile["timezone"])
            except (ZoneInfoNotFoundError, ValueError):
                return

    def _message(self, record: Record) -> Iterator[Said | Line]:
        at = self._moment(record["sent_at"])
        if record["conversation"] != self.place:
            self.place, self.day = record["conversation"], ""
            yield Line("section", self._title(record["conversation"]))
        if (day := f"{at:%Y-%m-%d}, {at:%A}") != self.day:
            self.day = day
            yield Line("day", day)
        who = self.names.get(record["sender"] or "") or one_line(record["sender_label"]).split(" (id:")[0]
        text = _content(record)
        quoted = one_line(record["quote"] or "", _GIST) or self.gists.get(record["reply_to"] or "", "")
        yield Said(
            who or record["direction"], f"{at:%H:%M}", record["direction"], text, quoted, _notes(record)
        )
        self.gists[record["id"]] = one_line(f"{who}: {text}", _GIST)
        if len(self.gists) > _REMEMBERED:
            del self.gists[next(iter(self.gists))]

    def _title(self, conversation: str) -> str:
        talk = self.talks.get(conversation, {})
        title = talk.get("title") or self.names.get(f"chat:{talk.get('chat')}") or "Conversation"
        began = talk.get("created_at")
        return one_line(title) + (f", {self._moment(began):%Y-%m-%d}" if began else "")

    def _item(self, kind: str, record: Record) -> str:
        if kind == "facts":
            over = " (over)" if record["invalid_at"] else ""
            return one_line(f"{record['text']} ({self._moment(record['valid_at']):%Y-%m-%d}){over}", 1000)
        if kind == "states":
            return one_line(f"{record['type']}: {json.dumps(record['data'], ensure_ascii=False)}", 1000)
        if kind == "bookings":
            parts = (record[name] for name in ("service", "master", "date", "time", "phone", "status"))
            return one_line(", ".join(filter(None, parts)), 1000)
        return one_line(f"{record['title']} ({self._moment(record['created_at']):%Y-%m-%d})", 1000)

    def _moment(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment).astimezone(self.zone)


def _content(record: Record) -> str:
    said: str = record["content"]
    files = [f"[{one_line(file['name'] or file['kind'])}]" for file in record["files"]]
    return "\n".join(filter(None, (said, " ".join(files))))


def _notes(record: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if record["forwarded_from"]:
        notes.append(f"forwarded from {one_line(record['forwarded_from'])}")
    if record["edited_at"]:
        notes.append("edited")
    return tuple(notes)
