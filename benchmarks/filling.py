"""Databases with many messages, made as fast as SQLite takes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.core.messages import ChatRef, Person
from bot.db.migrate import upgrade
from bot.db.models import Conversation, Message
from bot.db.repositories import people, talk
from bot.db.sqlite import sqlite_engine

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "a message of ninety-one bytes, as they come in a chat where people talk about their plans "
CHAT_OF = 1_000
"""Messages of the chat that is measured; the rest of the database are other chats."""

PERSON = Person("1", "Ann", username="ann")
CHAT = ChatRef("1", "private")
_SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "10M": 10_000_000}


def largest() -> int:
    """The size that SCALE names; one million unless told otherwise."""
    return _SIZES[os.environ.get("SCALE", "1M")]


def fill(path: Path, messages: int) -> str:
    """A migrated database with so many messages, a thousand of them in the measured chat; gives its URL."""
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = sqlite_engine(url, writer=True)
    with Session(engine) as session:
        user = people.upsert_user(session, PERSON, START)
        chat = people.upsert_chat(session, CHAT, START)
        session.flush()
        measured = talk.active_conversation(session, chat, CHAT, user, START)
        numbers = [measured.no]
        for number in range(1, max(1, messages // CHAT_OF)):
            other = Conversation(
                id=f"other-{number}", scope_key=f"other:{number}", chat_id=chat.id, status="active",
                created_at=START, updated_at=START,
            )  # fmt: skip
            session.add(other)
            session.flush()
            numbers.append(other.no)
        for part in _parts(numbers, user.id):
            session.execute(insert(Message), part)
        measured.next_seq, measured.message_count = CHAT_OF + 1, CHAT_OF
        session.commit()
    engine.dispose()
    return url


def _parts(numbers: list[int], user_id: int) -> Iterator[list[dict[str, object]]]:
    for number in numbers:
        yield [
            {
                "id": message_id(number, seq), "sender_id": user_id, "sender_label": "Ann (@ann, id:1)",
                "direction": "incoming", "content_type": "text", "content": f"{TEXT}{seq}",
                "token_count": 20, "metadata": {}, "sent_at": START + timedelta(seconds=seq),
            }
            for seq in range(1, CHAT_OF + 1)
        ]  # fmt: skip
