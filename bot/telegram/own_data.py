"""What people do with all that is theirs: take it along, bring it in, have it forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.erasure import Erasure
from bot.services.past_reading import PastReading
from bot.services.transfer.exporting import Exports


@dataclass(frozen=True, slots=True)
class OwnData:
    """The rooms below that export, import and erase."""

    erasure: Erasure
    exports: Exports
    past: PastReading | None = None
