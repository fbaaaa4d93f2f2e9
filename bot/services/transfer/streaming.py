"""Large JSON files an object at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import ijson  # type: ignore[import-untyped]
from ijson.common import ObjectBuilder  # type: ignore[import-untyped]

from bot.core.errors import Invalid

_SCALARS = ("string", "number", "boolean", "null")


def parts(file: BinaryIO, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """The objects at wanted places, whole, and the single values outside of them, each with its place.

    A place is written as ijson does, such as "messages.item". Raises Invalid for what is no JSON.
    """
    builder: ObjectBuilder | None = None
    depth, at = 0, ""
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if builder is not None:
                builder.event(event, value)
                depth += event in ("start_map", "start_array")
                depth -= event in ("end_map", "end_array")
                if depth == 0:
                    yield at, builder.value
                    builder = None
            elif event == "start_map" and wanted(prefix):
                builder, depth, at = ObjectBuilder(), 1, prefix
                builder.event(event, value)
            elif event in _SCALARS:
                yield prefix, value
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise Invalid(f"this file is no JSON: {error}") from error


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
