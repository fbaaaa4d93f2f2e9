"""Answers to requests for structured output: valid by the schema, filled with what the rules can extract."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.playground.rehearsal.facts import Fact, find_facts
from bot.playground.rehearsal.prompt import Line, Prompt

Schema = Mapping[str, Any]
_TEXT = re.compile(r"^(?:text|fact|content|memory|statement|value)$")
_ROLES: tuple[tuple[re.Pattern[str], Callable[[Line, Fact, int], Any]], ...] = (
    (_TEXT, lambda line, fact, n: fact.text),
    (re.compile(r"^(?:kind|type|category)$"), lambda line, fact, n: fact.kind),
    (re.compile(r"quote|evidence"), lambda line, fact, n: fact.quote),
    (re.compile(r"user_?id|sender_?id|person_?id|subject_?id"), lambda line, fact, n: line.sender_id),
    (
        re.compile(r"subject|speaker|author|sender|person|user|name|who"),
        lambda line, fact, n: line.name or None,
    ),
    (re.compile(r"message|line|number|index|source|^n$|^id$"), lambda line, fact, n: line.number or n),
    (re.compile(r"sensitive|private"), lambda line, fact, n: fact.kind == "health"),
    (re.compile(r"importance|confidence|priority"), lambda line, fact, n: 0.8),
)


def respond(prompt: Prompt, fits: Callable[[str], bool]) -> str:
    """JSON that conforms to the schema; `fits` tells whether a text is within the reply's tokens."""
    assert prompt.schema is not None
    source = [line for line in (*prompt.history, *prompt.current) if not line.mine]
    items = [(line, fact, n) for n, line in enumerate(source, 1) for fact in find_facts(line.text)]
    while True:
        text = json.dumps(_value(prompt.schema, prompt.schema, items), ensure_ascii=False)
        if fits(text) or not items:
            return text
        items = items[:-1]


def minimal(schema: Schema, root: Schema) -> Any:
    """The smallest value that conforms to a schema."""
    return _value(schema, root, [])


def _value(schema: Schema, root: Schema, items: Sequence[tuple[Line, Fact, int]]) -> Any:
    schema = _resolved(schema, root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type") or ("object" if "properties" in schema else "null")
    if isinstance(kind, list):
        kind = "null" if "null" in kind else kind[0]
    if kind == "object":
        properties = schema.get("properties") or {}
        wanted = [
            name
            for name in properties
            if name in (schema.get("required") or ()) or _array(properties[name], root)
        ]
        return {name: _value(properties[name], root, items) for name in wanted}
    if kind == "array":
        return _array_value(schema, root, items)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    scalars = {
        "string": "-" * schema.get("minLength", 0),
        "integer": int(low),
        "number": low,
        "boolean": False,
    }
    return scalars.get(kind)


def _resolved(schema: Schema, root: Schema) -> Schema:
    while True:
        if reference := schema.get("$ref"):
            target: Any = root
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        elif options := schema.get("anyOf") or schema.get("oneOf"):
            schema = next((o for o in options if o.get("type") == "null"), options[0])
        elif parts := schema.get("allOf"):
            schema = parts[0]
        else:
            return schema


def _array(schema: Schema, root: Schema) -> bool:
    return _resolved(schema, root).get("type") == "array"


def _array_value(schema: Schema, root: Schema, items: Sequence[tuple[Line, Fact, int]]) -> list[Any]:
    item = _resolved(schema.get("items") or {}, root)
    properties = item.get("properties") or {}
    found: list[Any] = []
    if any(_TEXT.match(name) for name in properties):
        found = [_filled(item, properties, root, *entry) for entry in items][: schema.get("maxItems")]
    missing = schema.get("minItems", 0) - len(found)
    return found + [minimal(item, root) for _ in range(missing)]


def _filled(item: Schema, properties: Schema, root: Schema, line: Line, fact: Fact, n: int) -> dict[str, Any]:
    filled = {}
    for name, schema in properties.items():
        take = next((take for role, take in _ROLES if role.search(name)), None)
        value = take(line, fact, n) if take else None
        if value is not None and (fitted := _fitted(value, schema, root)) is not None:
            filled[name] = fitted
        elif name in (item.get("required") or ()):
            filled[name] = minimal(schema, root)
    return filled


def _fitted(value: Any, schema: Schema, root: Schema) -> Any:
    """The value in the type that the field asks for, or None where it does not go in."""
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    for option in (_resolved(option, root) for option in options):
        kinds = option.get("type", "string")
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            cast = _cast(value, kind, option)
            if cast is not None:
                return cast
    return None


def _cast(value: Any, kind: str, schema: Schema) -> Any:
    if "const" in schema:
        return None
    if allowed := schema.get("enum"):
        return value if value in allowed else "other" if "other" in allowed else None
    if kind == "string" and not isinstance(value, bool):
        text = str(value)[: schema.get("maxLength")]
        return text if len(text) >= schema.get("minLength", 0) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or kind not in ("integer", "number"):
        return None
    if kind == "integer" and isinstance(value, float):
        value = schema.get("maximum", 10) * value // 1
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        return None
    number = int(value) if kind == "integer" else float(value)
    return number if schema.get("minimum", number) <= number <= schema.get("maximum", number) else None
