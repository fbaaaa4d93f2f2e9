"""First answers to requests that may be sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from bot.db.models import IdempotentAnswer
from bot.db.upsert import insert_new


def claim(session: Session, row: dict[str, Any]) -> IdempotentAnswer | None:
    """Take a caller's key; the row that holds it already, locked, when it is taken."""
    while insert_new(session, IdempotentAnswer, [row], ["caller", "key"]) == 0:
        held = session.get(IdempotentAnswer, (row["caller"], row["key"]), with_for_update=True)
        if held is not None:
            return held
    return None


def drop(session: Session, caller: str, key: str) -> None:
    """Forget a key: the next request with it begins anew."""
    session.execute(
        delete(IdempotentAnswer).where(IdempotentAnswer.caller == caller, IdempotentAnswer.key == key)
    )


def drop_before(session: Session, moment: datetime) -> int:
    """Forget what is as old as `moment` or older; returns how many that were."""
    done = session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at <= moment))
    assert isinstance(done, CursorResult)
    return done.rowcount


def drop_all(session: Session) -> None:
    """Forget every answer: they are a convenience, and may hold what somebody wants erased."""
    session.execute(delete(IdempotentAnswer))


def let_go(session: Session, moment: datetime) -> None:
    """Whatever is still being answered has lost its server: the next request takes it over at once."""
    session.execute(
        update(IdempotentAnswer).where(IdempotentAnswer.status.is_(None)).values(created_at=moment)
    )
