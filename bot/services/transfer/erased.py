"""What erased persons said before their erasure does not come back with an old file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Erasure
from bot.services.tombstones import hashed


@dataclass(frozen=True, slots=True)
class ErasedMarks:
    """The hashes of erased persons, by salt, with the time of each erasure."""

    marks: Sequence[tuple[str, str, datetime]] = ()

    def erased_at(self, platform: str, external_id: str) -> datetime | None:
        """When somebody was erased last, None for others."""
        by_salt: dict[str, str] = {}
        latest = None
        for salt, person, at in self.marks:
            if salt not in by_salt:
                by_salt[salt] = hashed(platform, external_id, salt)
            if by_salt[salt] == person:
                latest = at if latest is None else max(latest, at)
        return latest


def erased_marks(session: Session) -> ErasedMarks:
    """All of them."""
    rows = session.scalars(select(Erasure))
    return ErasedMarks([(row.receipt["salt"], row.person, row.created_at) for row in rows])
