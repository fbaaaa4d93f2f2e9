"""Keys of applications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.db.models import ApiKey, User


def by_digest(session: Session, digest: str) -> tuple[ApiKey, User | None] | None:
    """The key of a digest, with the person whom it is bound to."""
    row = session.execute(
        select(ApiKey, User).outerjoin(User, ApiKey.user_id == User.id).where(ApiKey.digest == digest)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def every(session: Session) -> Sequence[tuple[ApiKey, User | None]]:
    """All keys, oldest first, each with the person whom it is bound to."""
    rows = session.execute(
        select(ApiKey, User).outerjoin(User, ApiKey.user_id == User.id).order_by(ApiKey.id)
    )
    return [(key, user) for key, user in rows]


def named(session: Session, name: str) -> Sequence[ApiKey]:
    """The keys that a word means: an id, or the prefix that people see."""
    by_id = ApiKey.id == int(name) if name.isascii() and name.isdigit() and len(name) < 19 else None
    by_prefix = ApiKey.prefix == name.removeprefix("mn_").partition("_")[0]
    query = select(ApiKey).where(by_prefix if by_id is None else or_(by_id, by_prefix))
    return session.scalars(query.with_for_update()).all()


def used(session: Session, key_id: int, now: datetime, every_seconds: float) -> None:
    """Note a use, unless one was noted a moment ago."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id)
        .where(
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - timedelta(seconds=every_seconds))
        )
        .values(last_used_at=now)
    )
