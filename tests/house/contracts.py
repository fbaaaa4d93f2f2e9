"""An import contract that may name rooms which are not built yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.contract import ContractCheck

if TYPE_CHECKING:
    from grimp import ImportGraph


class RoomsContract(ForbiddenContract):
    """`forbidden`, which reads a missing module of the house as "not yet" and not as a mistake.

    The layers contract is exhaustive, so a room under another name is found there.
    """

    type_name = "rooms"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the rooms that are there."""
        for side in ("source_modules", "forbidden_modules"):
            setattr(self, side, [e for e in getattr(self, side) if self._there(e.expression, graph)])
        return super().check(graph, verbose)

    @staticmethod
    def _there(module: str, graph: ImportGraph) -> bool:
        return not module.startswith("bot.") or module in graph.modules
