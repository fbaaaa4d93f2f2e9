"""Cases as written down: who says what, what the model answers, and the rows that must come of it.

A case is an entry of cases/*.yaml. Its `talk` is a script, one event a line:

    a: words            a person says something in private; `a@g:` in the group, `a fwd:` forwarded,
                        `a photo:`, `a voice:`, `a reply b:` in answer to the last words of b
    bot: words          the bot speaks in a's private chat, `bot@g:` in the group
    edit a: words       the person edits their last message
    read a@g            the background reading of what waits there; the indented lines are the model's answer:
                        `kind | text | message | quote | more…`, `ended | fact | how | message | quote`,
                        or `raw | the whole answer`
    silent a            the same, where no model may be asked
    ask a: words        a turn; the indented lines are the model's tool calls: `save kind | text | quote`,
                        `update fact | text | quote`, `forget fact | quote | why`, `call tool | JSON`
    do a: pin ~word     its owner's own button: pin share hide delete restore wrong confirm decline edit
                        take_back pause resume
    later 40            days go by;  purge: what had its time is removed

A fact or a message is named by its number as the model would, or by `~word`: the one with that word.
`{long}` is ten thousand characters; `3x ` before a line repeats it with {n} = 1, 2, 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VERBS = frozenset(("read", "silent", "ask", "do", "edit", "later", "purge"))
_REPEATED = re.compile(r"(\d+)x ")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a script with what is indented below it; `place` is "" for private, else a group."""

    verb: str
    who: str = ""
    place: str = ""
    marks: tuple[str, ...] = ()
    words: str = ""
    below: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Expected:
    """A person's rows, oldest first, and which of them their next prompt holds, by place."""

    rows: tuple[str, ...] = ()
    seen: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One case, parsed; `refused` counts what code refused, by reason."""

    id: str
    language: str
    category: str
    misbehaves: str
    names: Mapping[str, str]
    events: tuple[Event, ...]
    expected: Mapping[str, Expected]
    refused: Mapping[str, int]


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case of the folder, by file and order."""
    return tuple(
        _case(raw)
        for path in sorted(FOLDER.glob("*.yaml"))
        for raw in yaml.load(path.read_text("utf-8"), LOADER)
    )


def _case(raw: dict[str, Any]) -> Case:
    people = {"a": raw, **raw.get("others", {})}
    known = {
        "id",
        "is",
        "misbehaves",
        "names",
        "talk",
        "others",
        "refused",
        "rows",
        "private",
        "group",
        "other",
    }
    assert not set(raw) - known, f"{raw['id']}: unknown {set(raw) - known}"
    return Case(
        id=raw["id"],
        language=raw["id"][:2],
        category=raw["is"],
        misbehaves=raw.get("misbehaves", ""),
        names=raw.get("names", {}),
        events=tuple(_events(raw["talk"])),
        expected={who: _expected(told) for who, told in people.items()},
        refused=raw.get("refused", {}),
    )


def _expected(told: Mapping[str, Any]) -> Expected:
    places = ("private", "group", "other") if "other" in told else ("private", "group")
    seen = {place: frozenset(map(int, str(told.get(place) or "").split())) for place in places}
    return Expected(tuple(row for line in _lines(told.get("rows", "")) for row in repeated(line)), seen)


def _events(talk: str) -> list[Event]:
    events: list[Event] = []
    for line in _lines(talk):
        if line.startswith("  "):
            events[-1].below.extend(
                [part.strip() for part in one.split("|")] for one in repeated(line.strip())
            )
            continue
        head, _, words = line.partition(": ")
        parts = head.removesuffix(":").split()
        verb = parts.pop(0) if parts[0] in VERBS else "say"
        who, _, place = (parts.pop(0) if parts else "").partition("@")
        events.append(Event(verb, who, place, tuple(parts), long(words)))
    return events


def repeated(line: str) -> list[str]:
    """The line, or the lines that `3x ` stands for."""
    found = _REPEATED.match(line)
    if found is None:
        return [long(line)]
    return [line[found.end() :].replace("{n}", str(n)) for n in range(1, int(found[1]) + 1)]


def long(text: str) -> str:
    """The text with what `{long}` stands for."""
    return text.replace("{long}", "honey " * 1700)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
