"""What a reply knew: the table of layers that is kept with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

TOTAL = "total"
"""Names the row that stands for the whole prompt, after its layers."""


@dataclass(frozen=True, slots=True)
class LayerTrace:
    """One layer of a built context: its tokens and share, what was kept, what was dropped and why.

    `kept` and `dropped` name items: fact ids, message ids, summary kinds; what was recalled by "m:" message,
    "f:" fact, "s:" summary, "k:" passage of a document. `reasons` has one word for each dropped item:

    - "budget": there was no room; "cap": there were more than are ever taken;
    - "window": it would have fitted, but the window's edge moves in steps;
    - "strategy": CONTEXT_STRATEGY does not look at it; "empty": it has nothing to show;
    - "unseen": the model cannot see pictures; "unavailable": the file could not be had.

    `reason` is the first of them, or "shortened".
    """

    name: str
    tokens: int
    allowed: int
    kept: tuple[int | str, ...] = ()
    dropped: tuple[int | str, ...] = ()
    reason: str | None = None
    reasons: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The layer of a stored row."""
        return cls(
            row["name"], row["tokens"], row["allowed"], tuple(row["kept"]), tuple(row["dropped"]),
            row.get("reason"), tuple(row.get("reasons", ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContextTrace:
    """The trace of one built context for `model`; `total` tokens never exceed `ceiling`."""

    layers: tuple[LayerTrace, ...] = ()
    total: int = 0
    ceiling: int = 0
    notes: tuple[str, ...] = ()
    model: str = ""

    def as_rows(self) -> list[dict[str, Any]]:
        """The layers as plain rows, for storing and showing, and a last one named `TOTAL`."""
        total = LayerTrace(TOTAL, self.total, self.ceiling)
        rest = {"notes": list(self.notes), "model": self.model}
        rows = [*(asdict(layer) for layer in self.layers), {**asdict(total), **rest}]
        return [{k: list(v) if isinstance(v, tuple) else v for k, v in row.items()} for row in rows]

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        """The trace of stored rows; of rows without a total, the layers alone."""
        layers, total = [], cls()
        for row in rows:
            if row["name"] == TOTAL:
                notes = tuple(row.get("notes", ()))
                total = cls((), row["tokens"], row["allowed"], notes, row.get("model", ""))
            else:
                layers.append(LayerTrace.from_row(row))
        return cls(tuple(layers), total.total, total.ceiling, total.notes, total.model)
