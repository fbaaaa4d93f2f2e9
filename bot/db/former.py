"""The table of messages that the bot's predecessor kept, read as it is found and never written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.core.errors import Invalid

_NEEDED = {"id", "user_id", "chat_id", "text"}
_TIMES = ("created_at", "timestamp", "date", "sent_at")
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class FormerMessage:
    """A row of it; `sent_at` None where it does not say."""

    id: str
    user_id: str
    chat_id: str
    message_id: str | None
    text: str
    meta: dict[str, Any]
    sent_at: datetime | None


class FormerDatabase:
    """The old database behind a URL."""

    def __init__(self, url: str) -> None:
        """Raises Invalid for what is no URL of a database."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise Invalid("this is no URL of a database, such as sqlite:///old.db") from error
        name = parsed.drivername.partition("+")[0]
        if name not in _DRIVERS:
            raise Invalid(f"a database of the kind {name} cannot be read: use SQLite or PostgreSQL")
        if name == "sqlite":
            parsed = parsed.set(database=f"file:{parsed.database}", query={"mode": "ro", "uri": "true"})
        self._engine: AsyncEngine = create_async_engine(parsed.set(drivername=_DRIVERS[name]))

    async def pages(self) -> AsyncIterator[tuple[int, Sequence[FormerMessage]]]:
        """How many rows there are, with some of them, in the order they were said. Raises Invalid."""
        try:
            async with self._engine.connect() as connection:
                columns = await connection.run_sync(_columns)
                count = (await connection.execute(text("SELECT count(*) FROM messages"))).scalar_one()
                names = sorted(columns & {*_NEEDED, *_TIMES, "message_id", "metadata"})
                # Ids of the old schema are random: the order is that of time, or of Telegram's ids.
                order = [*(name for name in _TIMES if name in columns), "message_id", "id"]
                query = f"SELECT {', '.join(names)} FROM messages ORDER BY "
                query += ", ".join(name for name in order if name in columns)
                rows = await connection.stream(text(query), execution_options={"yield_per": _ROWS})
                async for page in rows.mappings().partitions(_ROWS):
                    yield count, [_message(dict(row)) for row in page]
        except (OSError, DBAPIError) as error:
            raise Invalid(f"the old database cannot be read: {error.__cause__ or error}") from error
        finally:
            await self._engine.dispose()


def _columns(connection: Connection) -> set[str]:
    look = inspect(connection)
    found = {c["name"] for c in look.get_columns("messages")} if look.has_table("messages") else set()
    if not found >= _NEEDED:
        raise Invalid("there is no table messages(id, user_id, chat_id, message_id, text, metadata) in it")
    return found


def _message(row: dict[str, Any]) -> FormerMessage:
    meta = row.get("metadata")
    if isinstance(meta, str):
        try:
            meta = json.loads(meta)
        except ValueError:
            meta = {"metadata": meta}
    number = row.get("message_id")
    times = (row[name] for name in _TIMES if row.get(name) is not None)
    return FormerMessage(
        id=str(row["id"]),
        user_id=str(row["user_id"]),
        chat_id=str(row["chat_id"]),
        message_id=None if number is None else str(number),
        text=row["text"] or "",
        meta=meta if isinstance(meta, dict) else {},
        sent_at=_moment(next(times, None)),
    )


def _moment(value: Any) -> datetime | None:
    """A time in whichever form; one without a zone is UTC."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except (ValueError, OverflowError, OSError):
        return None
    if not isinstance(found, datetime):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
