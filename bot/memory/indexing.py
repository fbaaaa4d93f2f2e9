"""Bringing messages into the search index: lazily, in batches, and at once before a search needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.search import index_messages, packed
from bot.db.search.pending import Waiting, overdue, take, waiting_in
from bot.memory.lexing import terms

BATCH = 100
"""Messages indexed in one transaction at most."""

STEP = 16
"""Messages that must have left a conversation's window before it is worth a transaction."""

IDLE = timedelta(minutes=10)
"""After so much silence the rest of a conversation is indexed too."""

FLUSHED = 2_000
"""Messages that a search waits for; of a past of years that has just come in, the rest follows behind it."""

_LONGEST = 50_000
"""Characters of a message that are indexed."""

_CHARACTERS = 100_000
"""Text of one batch at most, so that a few huge messages hold up nobody's write."""


async def flush(database: Database, chat_ids: Sequence[int], *, below: int | None = None) -> int:
    """Index what of these chats is not yet; returns how many messages that were.

    With `below` (a message id) that message and what follows it in its conversation can wait: a turn's
    window, which no search looks for. Call it before a search that must find what was said just now. After
    `FLUSHED` messages it leaves the rest to `index_overdue`.
    """
    waiting = await database.read(lambda s: waiting_in(s, chat_ids, below)) if chat_ids else []
    done = 0
    for conversation in waiting:
        done += await _index(database, conversation, FLUSHED - done)
    return done


async def index_overdue(database: Database, clock: Clock, keep: int) -> int:
    """Index what has left the windows of `keep` messages, and all of conversations that rest."""
    idle_since = clock.now() - IDLE
    waiting = await database.read(lambda s: overdue(s, keep, STEP, idle_since))
    return sum([await _index(database, conversation) for conversation in waiting])


async def _index(database: Database, waiting: Waiting, most: int | None = None) -> int:
    done = 0
    while most is None or done < most:
        batch = await database.write(lambda s: index_next(s, waiting))
        if not batch:
            break
        done += batch
    return done


def index_next(session: Session, waiting: Waiting) -> int:
    """Index the next batch of a conversation; returns its size, 0 when nothing is left.

    Nothing of an incognito conversation can be found: its messages are noted as done, without terms.
    """
    hidden, messages = take(session, waiting, BATCH)
    rows: list[tuple[int, str]] = []
    room = _CHARACTERS
    for message_id, content in messages:
        if rows and len(content) > room:
            break
        room -= len(content)
        rows.append((message_id, "" if hidden else packed(terms(content[:_LONGEST]))))
    index_messages(session, rows)
    return len(rows)
