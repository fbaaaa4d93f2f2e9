"""Keeps the search index in step with the facts that may be found: the valid ones."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.db import search
from bot.db.models import Conversation, Memory
from bot.memory.lexing import terms

KIND = "fact"


def put(session: Session, memory: Memory) -> None:
    """A fact is valid, or is worded otherwise now."""
    owner = owner_of(session, memory)
    if owner is not None:
        search.put_item(session, KIND, memory.id, owner, terms(memory.text))


def remove(session: Session, memory: Memory) -> None:
    """A fact is over, archived or deleted."""
    search.remove_item(session, KIND, memory.id)


def owner_of(session: Session, memory: Memory) -> str | None:
    """Whose memory it is, as the index names it: a person, a chat, or the house."""
    if memory.subject == "user":
        return f"u{memory.user_id}"
    if memory.subject == "system":
        return "s" if memory.chat_id is None else f"c{memory.chat_id}"
    place = session.get(Conversation, memory.conversation_no)
    # What is private to a conversation's only person is theirs alone.
    if place is None or place.incognito:
        return None
    return f"c{place.chat_id}"
