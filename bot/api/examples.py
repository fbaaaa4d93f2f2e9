"""Examples put together of a schema's own words, for bodies whose shape has none as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

UNSAID: Final = "…"
"""Stands where a text's schema gives no example; a test looks for it."""

_MOMENT: Final = "2026-03-14T09:26:53Z"
_SIMPLE: Final[Mapping[str, Any]] = {"integer": 1, "number": 0.5, "boolean": False, "null": None}


def example_of(schema: Mapping[str, Any], parts: Mapping[str, Any], *, brief: bool = False) -> Any:
    """What fits a schema; `parts` are the document's components.

    `brief` leaves out what need not be sent, save where it has an example of its own.
    """
    if "$ref" in schema:
        return example_of(parts[str(schema["$ref"]).rpartition("/")[2]], parts, brief=brief)
    given = _given(schema)
    if given is not _NOTHING:
        return given
    if "anyOf" in schema or "oneOf" in schema:
        return _of_choices(schema.get("anyOf") or schema["oneOf"], parts, brief)
    match schema.get("type"):
        case "object":
            return _of_object(schema, parts, brief)
        case "array":
            return [example_of(schema["items"], parts, brief=brief)] if "items" in schema else []
        case "string":
            return _MOMENT if schema.get("format") == "date-time" else UNSAID
        case kind:
            return schema.get("minimum", _SIMPLE.get(str(kind)))


_NOTHING: Final = object()


def _given(schema: Mapping[str, Any]) -> Any:
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    return schema["default"] if schema.get("default") is not None else _NOTHING


def _of_choices(choices: list[Mapping[str, Any]], parts: Mapping[str, Any], brief: bool) -> Any:
    """The first that says something; else nothing, where nothing is among them."""
    for choice in choices:
        found = example_of(choice, parts, brief=brief) if "$ref" in choice else _given(choice)
        if found is not _NOTHING:
            return found
    if any(choice.get("type") == "null" for choice in choices):
        return None
    return example_of(choices[0], parts, brief=brief)


def _of_object(schema: Mapping[str, Any], parts: Mapping[str, Any], brief: bool) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        name: example_of(inner, parts, brief=brief)
        for name, inner in schema.get("properties", {}).items()
        if not brief or name in required or "examples" in inner
    }
