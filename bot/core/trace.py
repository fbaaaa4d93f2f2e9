"""What a reply knew: the table of layers that is kept with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LayerTrace:
    """One layer of a built context: its tokens and share, what was kept, what was dropped and why.

    `kept` and `dropped` name items: fact ids, message ids, summary kinds; `reason` is one word such as
    "budget", "scope", "cap".
    """

    name: str
    tokens: int
    allowed: int
    kept: tuple[int | str, ...] = ()
    dropped: tuple[int | str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ContextTrace:
    """The trace of one built context; `total` tokens never exceed `ceiling`."""

    layers: tuple[LayerTrace, ...] = ()
    total: int = 0
    ceiling: int = 0
    notes: tuple[str, ...] = field(default=())

    def as_rows(self) -> list[dict[str, Any]]:
        """The layers as plain rows, for storing and showing."""
        return [asdict(layer) for layer in self.layers]
