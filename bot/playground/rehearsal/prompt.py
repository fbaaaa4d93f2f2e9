"""A request as the rehearsal model reads it: who said what, what is remembered, what is asked now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.playground.rehearsal.language import Language, detect

_LINE = re.compile(
    r"^\s*(?:[-*•]\s+)?(?:#?(?P<number>\d+)[.):]?\s+)?(?:\(?(?P<date>\d{4}-\d\d-\d\d[^\[\]\n]{0,24}?)\)?:?\s+)?"
    r"\[(?P<label>[^\[\]\n]+)\](?P<reply> \(reply to: \"[^\n]*?\"\))?: ?(?P<text>.*)$"
)
_DATE = re.compile(r"\W*\d{4}-\d\d-\d\d(?: \(\w+\))?\W*")
"""A line that only tells on which day the next ones were said."""

_LABEL = re.compile(r"^(?P<name>.*?)(?: \((?:@(?P<username>\w+), )?id:(?P<id>-?\d+)\))?$")
_OPEN = re.compile(r"^[ \t]*<context>[ \t]*$", re.MULTILINE)
_CLOSE = re.compile(r"^[ \t]*</context>[ \t]*$", re.MULTILINE)
_NOW = re.compile(r"^\W*(?:now|time now|current time)\s*[:=]\s*(?P<now>.+)$", re.IGNORECASE | re.MULTILINE)
_ASKER = re.compile(r"^asker: (?P<label>.+)$", re.MULTILINE)
_REPLIED = re.compile(
    r"^the message replied to, by (?:\[(?P<label>[^\]\n]+)\]|you)[^\n]*:\n"
    r"(?P<text>(?:>[^\n]*\n?)+)",
    re.MULTILINE,
)
_QUOTING = re.compile(r"^\(reply to: \"[^\n]*?\"\): ")
_HEADING = re.compile(
    r"^(?:#{1,6}\s+(?P<hash>.+?)|\*\*(?P<bold>.+?)\*\*:?|(?P<colon>[^-*•\s\[].{0,118}:))\s*$"
)
_BULLET = re.compile(r"^\s*[-*•]\s+(?:\[?#?\d+\]?[.):]?\s+)?(?P<text>\S.*)$")
_OTHER_HEAD = re.compile(
    r"\b(?:rule|how|guideline|style|instruct|tool|summar|so far|state|dialog"
    r"|recall|earlier|message|knowledge|document"
    r"|booking|правил|інструмент|инструмент|стил|підсум|сводк|стан|повідом|сообщ|знанн|документ|бронюв)",
    re.IGNORECASE,
)
_FACT_HEAD = re.compile(
    r"fact|memor|know|remember|about\b|факт|пам['’ʼ]?ят|зна[єе]|помн|відомо|известно", re.IGNORECASE
)
_TOOLISH = re.compile(r"\b[a-z]+_[a-z_]+\b")
_SUMMARY_HEAD = re.compile(r"summar|so far|підсум|сводк|резюме|итог", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation. `name` may be empty; `mine` is the bot's own."""

    name: str
    text: str
    mine: bool = False
    sender_id: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request holds. `results` pairs the calls of this turn with what the tools answered."""

    system: str
    text: str
    language: Language
    name: str = ""
    now: str | None = None
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    history: tuple[Line, ...] = ()
    current: tuple[Line, ...] = ()
    images: tuple[str, ...] = ()
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    results: tuple[tuple[str, Mapping[str, Any], str], ...] = ()
    schema: Mapping[str, Any] | None = None
    has_block: bool = False
    states: tuple[str, ...] = ()
    """Unfinished business and what was just settled, as the data block lists it."""

    def called(self, tool: str) -> bool:
        """Whether the tool was already called in this turn."""
        return any(name == tool for name, _, _ in self.results)


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """Parse a validated request body."""
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    last = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=len(messages))
    system = "\n\n".join(text_of(m) for m in messages if m["role"] in ("system", "developer"))
    history = [line for m in messages[:last] for line in _history(m)]
    content = text_of(messages[last]) if last < len(messages) else ""
    data, before, current = _split(content)
    history += before
    name = (current[-1].name if current else "") or _asker(data)
    text = "\n".join(_QUOTING.sub("", line.text) for line in current).strip()
    history += [line for raw in data.split("\n") for line in lines_of(raw) if line.name] + _replied(data)
    others = [line.text for line in history if not line.mine]
    return Prompt(
        system=system,
        text=text,
        language=detect(text, system + "\n" + "\n".join(others[-3:])),
        name=name,
        now=found["now"].strip() if (found := _NOW.search(data) or _NOW.search(system)) else None,
        facts=tuple(dict.fromkeys(_facts(system, strict=True) + _facts(data, strict=False))),
        notes=_notes(system) + _notes(data),
        history=tuple(history),
        current=tuple(current),
        images=_images(messages[last]) if last < len(messages) else (),
        tools=_tools(body),
        results=tuple(_results(messages[last + 1 :])),
        schema=_schema(body),
        has_block=bool(data),
        states=_states(data),
    )


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, whatever parts it has."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if part.get("type") == "text")


def lines_of(text: str, *, mine: bool = False) -> list[Line]:
    """The messages in a text; lines without a label continue the one before, or stand without a name."""
    lines: list[Line] = []
    for raw in text.partition("\n</transcript>")[0].split("\n"):
        if _DATE.fullmatch(raw):
            continue
        if found := _LINE.match(raw):
            label = _LABEL.match(found["label"])
            assert label is not None
            sender, number = label["id"], found["number"]
            lines.append(
                Line(
                    label["name"],
                    found["text"],
                    mine,
                    int(sender) if sender else None,
                    int(number) if number else None,
                )
            )
        elif lines:
            kept = lines.pop()
            lines.append(Line(kept.name, f"{kept.text}\n{raw}", mine, kept.sender_id, kept.number))
        elif raw.strip():
            lines.append(Line("", raw, mine))
    return lines


def _history(message: Mapping[str, Any]) -> list[Line]:
    if message["role"] == "user":
        before, _, after = _around(text_of(message))
        return lines_of(before + after)
    if message["role"] == "assistant" and (text := text_of(message)):
        return [Line("", text, mine=True)]
    return []


def _split(content: str) -> tuple[str, list[Line], list[Line]]:
    """Data block, lines before the current message, and the lines that are the current message."""
    before, data, after = _around(content)
    if data is None:
        lines = lines_of(content)
        return "", lines[:-1], lines[-1:]
    current = lines_of(after)
    start = len(current)
    while start and current[start - 1].name == current[-1].name:
        start -= 1
    return data or " ", lines_of(before) + current[:start], current[start:]


def _asker(data: str) -> str:
    found = _ASKER.search(data)
    label = _LABEL.match(found["label"].strip()) if found else None
    return label["name"] if label else ""


def _replied(data: str) -> list[Line]:
    """The message replied to, which stands in the data block behind `>` marks."""
    found = _REPLIED.search(data)
    if found is None:
        return []
    text = "\n".join(line.removeprefix(">").strip() for line in found["text"].strip().split("\n"))
    label = _LABEL.match(found["label"] or "")
    return [Line(label["name"] if label else "", text, mine=not found["label"])]


def _around(content: str) -> tuple[str, str | None, str]:
    """What lies before the data block, in it, and after it; no block gives None for it."""
    opened = _OPEN.search(content)
    closed = _CLOSE.search(content, opened.end()) if opened else None
    if opened is None or closed is None:
        return content, None, ""
    inside = content[opened.end() : closed.start()]
    return content[: opened.start()], inside.strip("\n"), content[closed.end() :].strip("\n")


def _sections(text: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        if found := _HEADING.match(line):
            sections.append((found["hash"] or found["bold"] or found["colon"], []))
        else:
            sections[-1][1].append(line)
    return sections


def _facts(text: str, *, strict: bool) -> list[str]:
    """Bulleted lines under a heading that speaks of facts or memory, or under none; not rules, not tools."""
    facts = []
    for heading, lines in _sections(text):
        if _OTHER_HEAD.search(heading) or (strict and heading and not _FACT_HEAD.search(heading)):
            continue
        bullets = [
            found["text"].strip()
            for line in lines
            if (found := _BULLET.match(line)) and not _LINE.match(line)
        ]
        facts += [bullet for bullet in bullets if not _TOOLISH.search(bullet)]
    return facts


def _notes(text: str) -> tuple[str, ...]:
    """Lines of summaries and documents, which belong to nobody's messages."""
    return tuple(
        line.strip(" -*•")
        for heading, lines in _sections(text)
        if heading
        and (_SUMMARY_HEAD.search(heading) or re.search(r"knowledge|document|знан|документ", heading, re.I))
        for line in lines
        if line.strip() and not _LINE.match(line)
    )


def _states(data: str) -> tuple[str, ...]:
    sections = [lines for heading, lines in _sections(data) if heading.startswith("dialogue state")]
    return tuple(line.removeprefix("- ") for lines in sections for line in lines if line.startswith("- "))


def _images(message: Mapping[str, Any]) -> tuple[str, ...]:
    content = message.get("content")
    if not isinstance(content, list):
        return ()
    return tuple(part["image_url"]["url"] for part in content if part.get("type") == "image_url")


def _tools(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    if body.get("tool_choice") == "none":
        return {}
    functions = [tool["function"] for tool in body.get("tools") or ()]
    return {function["name"]: function.get("parameters") or {} for function in functions}


def _results(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any], str]]:
    answers = {m["tool_call_id"]: text_of(m) for m in messages if m["role"] == "tool"}
    pairs = []
    for call in (call for m in messages for call in m.get("tool_calls") or ()):
        try:
            arguments = json.loads(call["function"]["arguments"])
        except ValueError:
            arguments = {}
        pairs.append((call["function"]["name"], arguments, answers.get(call["id"], "")))
    return pairs


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema: Mapping[str, Any] = wanted["json_schema"].get("schema") or {}
        return schema
    return {"type": "object"} if wanted.get("type") == "json_object" else None
