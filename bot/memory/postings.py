"""What ranking works on: posting lists of the terms that are looked for, and messages that may be answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term to look for: where it stands (ids ascending) and how often, and what finding it is worth.

    `kin` marks words of near meaning that stand for `term`; `complete` is False where older ones are missing.
    """

    term: str
    ids: Ids
    often: Floats
    weight: float
    kin: bool = False
    complete: bool = True

    def often_in(self, ids: Ids) -> Floats:
        """How often each of these messages (ids ascending or not) holds it."""
        if not len(self.ids):
            return np.zeros(len(ids))
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, self.often[at], 0.0)


class Candidate(Protocol):
    """A message that may be an answer, with what ranking must know of it; `length` is in tokens."""

    @property
    def id(self) -> int: ...
    @property
    def sent_at(self) -> datetime: ...
    @property
    def label(self) -> str: ...
    @property
    def outgoing(self) -> bool: ...
    @property
    def length(self) -> int: ...
    @property
    def text(self) -> str: ...
