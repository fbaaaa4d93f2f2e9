"""Merging FTS5's segments: searches get quicker, and what was deleted leaves the file."""

from __future__ import annotations

import sqlite3
from typing import cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.db.upsert import is_postgres

_TABLES = ("fts_messages", "fts_items")
_PAGES = 500


def merge_step(session: Session, pages: int = 100, *, fresh: bool = False) -> bool:
    """Do about `pages` pages of merging; False when nothing is left to do.

    `fresh` begins to merge everything into one segment; later calls go on with it. On PostgreSQL the
    server's own vacuum does this work.
    """
    if is_postgres(session):
        return False
    merged = [_merge(session, table, -pages if fresh else pages) for table in _TABLES]
    return any(merged)


def segments(session: Session) -> int:
    """How many segments the full text of messages stands in; 0 where that is not our business."""
    if is_postgres(session):
        return 0
    return session.scalar(text("SELECT count(DISTINCT segid) FROM fts_messages_idx")) or 0


def merge_all(session: Session) -> None:
    """Merge until nothing changes: after this no removed term stands in the index any more."""
    if is_postgres(session):
        return
    for table in _TABLES:
        _merge(session, table, -_PAGES)
        while _merge(session, table, _PAGES):
            pass


def _merge(session: Session, table: str, pages: int) -> bool:
    raw = cast("sqlite3.Connection", session.connection().connection.dbapi_connection)
    before = raw.total_changes
    session.execute(text(f"INSERT INTO {table}({table}, rank) VALUES ('merge', :pages)"), {"pages": pages})
    return raw.total_changes - before >= 2  # the command itself counts as one
