"""Which stored things the layers of a trace name: messages, facts, passages and documents, by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["message", "fact", "chunk", "document"]

_BY_LAYER: Mapping[str, Kind | None] = {
    "system": None, "tools": None, "summaries": None, "states": None, "data": None, "facts": "fact",
}  # fmt: skip
"""What a bare number of a layer is; of every other layer it is a message."""

_PREFIXES: Mapping[str, Kind] = {
    "m": "message", "message": "message", "f": "fact", "fact": "fact", "k": "chunk", "chunk": "chunk",
    "d": "document", "document": "document",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that stood in a prompt, and the layer that brought it."""

    kind: Kind
    id: int
    layer: str


def named_in(layers: Iterable[Mapping[str, Any]]) -> list[Named]:
    """Everything that the layers kept, in the order of the prompt; what names nothing stored is left out."""
    found = (_named(row.get("name", ""), item) for row in layers for item in row.get("kept") or ())
    return [one for one in found if one is not None]


def _named(layer: str, item: object) -> Named | None:
    if isinstance(item, int):
        kind = _BY_LAYER.get(layer, "message")
        return Named(kind, item, layer) if kind is not None and item > 0 else None
    head, _, tail = str(item).partition(":")
    if head.isdecimal():  # a picture: its message and its place there
        return Named("message", int(head), layer)
    prefixed = _PREFIXES.get(head)
    return Named(prefixed, int(tail), layer) if prefixed is not None and tail.isdecimal() else None
