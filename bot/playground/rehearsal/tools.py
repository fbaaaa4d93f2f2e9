"""Calls of offered tools, with arguments named as the tool's own schema names them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.playground.rehearsal.facts import Fact
from bot.playground.rehearsal.structured import minimal

SAVE, READ, SEARCH = "save_user_fact", "get_user_facts", "search_memory"
_NAMES = {
    "text": ("text", "fact", "content", "memory", "value", "statement"),
    "kind": ("kind", "type", "category"),
    "quote": ("quote", "source", "evidence"),
    "query": ("query", "text", "q", "search", "question"),
}
_DONE = re.compile(
    r"^\W*(?:already )?(?:remembered|saved|updated|replaced|noted|stored|ok|done)\b", re.IGNORECASE
)
_SAID_WHEN = re.compile(r" \(\w+, said \d{4}-\d\d-\d\d\)$")
_REFUSED = re.compile(
    r"\b(?:error|refus\w+|not saved|cannot|can't|could not|failed|invalid|unknown|confirm\w*|not allowed"
    r"|rejected|denied"
    r"|limit\w*|pending|paused|off)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"^\s*(?:[-*•]|\[?#?\d+\]?[.):]?)\s+(?:\[?#?\d+\]?[.):]?\s+)?(?P<text>\S.*)$", re.MULTILINE
)


def save_arguments(fact: Fact, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that hand one fact over."""
    return _arguments(schema, {"text": fact.text, "kind": fact.kind, "quote": fact.quote})


def search_arguments(query: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that search for something."""
    return _arguments(schema, {"query": query})


def read_arguments(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that ask for all facts."""
    return _arguments(schema, {})


def refused(result: str) -> bool:
    """Whether a tool's result says that nothing was done; doubtful results count as refusals."""
    try:
        value = json.loads(result)
    except ValueError:
        return not _DONE.match(result) and (not result.strip() or bool(_REFUSED.search(result)))
    if not isinstance(value, dict):
        return not value
    states = [value.get(key) for key in ("ok", "saved", "success")]
    return bool(value.get("error")) or False in states or bool(_REFUSED.search(str(value.get("status", ""))))


def facts_in(result: str) -> list[str]:
    """The facts that `get_user_facts` returned, whether as JSON or as lines."""
    try:
        value = json.loads(result)
    except ValueError:
        return [_SAID_WHEN.sub("", found["text"].strip()) for found in _LISTED.finditer(result)]
    return _texts(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in ([item] if isinstance(item, str) else _texts(item))]
    if isinstance(value, dict):
        own = next((value[name] for name in _NAMES["text"] if isinstance(value.get(name), str)), None)
        return [own] if own else [text for item in value.values() for text in _texts(item)]
    return []


def _arguments(schema: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    taken: dict[str, Any] = {}
    for role, value in values.items():
        name = next((name for name in _NAMES[role] if name in properties and name not in taken), None)
        if name is not None:
            allowed = properties[name].get("enum")
            taken[name] = (
                value if not allowed or value in allowed else "other" if "other" in allowed else allowed[-1]
            )
    for name in schema.get("required") or ():
        if name not in taken:
            taken[name] = minimal(properties.get(name) or {}, schema)
    return taken
