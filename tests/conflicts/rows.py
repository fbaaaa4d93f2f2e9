"""Facts as lines: `kind | text | what holds for it | quotes`, so that a case can state its rows whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.models import Memory, MemorySource
from bot.memory.facts import PRIORITY


def rows_of(session: Session, user_id: int) -> list[Memory]:
    """All facts of a person in any state, oldest first."""
    return list(session.scalars(select(Memory).where(Memory.user_id == user_id).order_by(Memory.id)))


def told(session: Session, rows: Sequence[Memory]) -> list[str]:
    """The rows as lines; `changed>2` names the person's second row as what took the place."""
    number = {row.id: at for at, row in enumerate(rows, start=1)}
    return [_line(session, row, number) for row in rows]


def _line(session: Session, row: Memory, number: dict[int, int]) -> str:
    quotes = session.scalars(
        select(MemorySource.quote).where(MemorySource.memory_id == row.id).order_by(MemorySource.id)
    )
    return canonical(f"{row.kind} | {row.text} | {' '.join(_flags(row, number))} | {' / '.join(quotes)}")


def _flags(row: Memory, number: dict[int, int]) -> Iterator[str]:
    yield from (row.origin, row.scope)
    if row.sensitive:
        yield "sensitive"
    if row.pinned:
        yield "pinned"
    if row.priority != PRIORITY.get(row.origin):
        yield f"p={row.priority}"
    if row.tags:
        yield f"tags={','.join(row.tags)}"
    if row.deleted_at is not None:
        yield "deleted"
    elif row.archived_at is not None and row.closed_as is None:
        yield "archived"
    if row.closed_as is not None:
        assert (row.closed_as == "proposed") == (row.invalid_at is None)
        yield row.closed_as + (f">{number.get(row.superseded_by, '?')}" if row.superseded_by else "")


def canonical(line: str) -> str:
    """A line in which the order of the flags does not matter."""
    kind, text, flags, quotes = (part.strip() for part in f"{line} |  | ".split("|")[:4])
    return f"{kind} | {text} | {' '.join(sorted(flags.split()))} | {quotes}"
