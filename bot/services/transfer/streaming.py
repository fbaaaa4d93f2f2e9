"""Large JSON files an object at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import ijson  # type: ignore[import-untyped]

from bot.core.errors import Invalid

_SCALARS = ("string", "number", "boolean", "null")


def parts(file: BinaryIO, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """The objects at wanted places, whole, and the single values outside of them, each with its place.

    A place is written as ijson does, such as "messages.item". Raises Invalid for what is no JSON.
    """
    try:
        events = iter(ijson.parse(file, use_float=True))
        for prefix, event, value in events:
            if event == "start_map" and wanted(prefix):
                yield prefix, _whole(events)
            elif event in _SCALARS:
                yield prefix, value
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise Invalid(f"this file is no JSON: {error}") from error


def _whole(events: Iterator[tuple[str, str, Any]]) -> dict[str, Any]:
    """The object whose beginning was read; by hand, since most of the time of reading goes by here."""
    whole: dict[str, Any] = {}
    inside: Any = whole
    outside: list[tuple[Any, str]] = []
    key = ""
    for _, event, value in events:
        if event == "map_key":
            key = value
            continue
        if event == "end_map" or event == "end_array":
            if not outside:
                return whole
            inside, key = outside.pop()
            continue
        made = {} if event == "start_map" else [] if event == "start_array" else value
        if type(inside) is dict:
            inside[key] = made
        else:
            inside.append(made)
        if event == "start_map" or event == "start_array":
            outside.append((inside, key))
            inside = made
    raise Invalid("this file ends in the middle")


def lines(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """The objects of a file with one on each line. Raises Invalid."""
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise Invalid(f"line {number} is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise Invalid(f"line {number} is no object")
        yield found
