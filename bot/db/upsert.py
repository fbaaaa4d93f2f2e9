"""Insert-unless-there, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bot.db.models import Base


def insert_new(
    session: Session, table: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> int:
    """Insert the rows whose key columns are new, leave the others; returns how many were inserted."""
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    first_key = [getattr(table, name) for name in key]
    statement = (
        insert(table).values(list(rows)).on_conflict_do_nothing(index_elements=key).returning(first_key[0])
    )
    return len(session.execute(statement).all())
