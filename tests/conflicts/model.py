"""The model of a case: it answers about the prompt that it is really shown, as badly as it is told to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.llm_steps import Body, Text

USAGE = (100, 20)


def reader(lines: Sequence[Sequence[str]]) -> Callable[[Body], Text]:
    """Answers a request for facts with these lines."""

    def answer(body: Body) -> Text:
        shown = str(body["messages"][-1]["content"])
        if lines and lines[0][0] == "raw":
            return Text(" | ".join(lines[0][1:]), chunks=2, usage=USAGE)
        facts = [_fact(line, shown) for line in lines if line[0] != "ended"]
        ended = [_ended(line, shown) for line in lines if line[0] == "ended"]
        value = {"facts": facts, "ended": ended, "important": []}
        return Text(json.dumps(value, ensure_ascii=False), chunks=2, usage=USAGE)

    return answer


def _fact(line: Sequence[str], shown: str) -> dict[str, Any]:
    kind, text, message, quote, *more = line
    value: dict[str, Any] = {
        "text": text, "kind": kind, "message": _message(message, shown), "quote": quote,
        "about": "self", "sensitive": False, "outdates": [], "tags": [],
    }  # fmt: skip
    for part in more:
        name, _, told = part.partition("=")
        value[name] = [_known(n, shown) for n in told.split(",")] if name == "outdates" else _told(told)
    return value


def _ended(line: Sequence[str], shown: str) -> dict[str, Any]:
    _, known, how, message, quote = line
    return {"known": _known(known, shown), "how": how, "message": _message(message, shown), "quote": quote}


def _told(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value.split(",") if "," in value else value


def _message(name: str, shown: str) -> Any:
    return _numbered(name, shown, r"(\d+)\. \[person\]: (.*)")


def _known(name: str, shown: str) -> Any:
    return _numbered(name, shown, r"(\d+)\) (.*)")


def _numbered(name: str, shown: str, pattern: str) -> Any:
    if not name.startswith("~"):
        return int(name) if name.lstrip("-").isdecimal() else _told(name)
    found = [match for match in map(re.compile(pattern).fullmatch, shown.splitlines()) if match]
    return next(int(number) for number, words in (m.groups() for m in found) if name[1:] in words)
