"""Talk in several chats, indexed, with short ways to ask what is found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from bot.core.messages import ChatRef, Person
from bot.db import search
from bot.db.engine import Database
from bot.db.models import Chat, Message
from bot.memory.indexing import flush
from bot.memory.lexing import query_terms
from tests.support.clock import START
from tests.support.people import ANN, GROUP, say, settle


async def talk(
    database: Database, texts: Sequence[str], ref: ChatRef = GROUP, person: Person = ANN
) -> tuple[int, list[int]]:
    """Say the texts in a chat, one after another; gives the chat's id and the messages'."""

    def unit(session: Session) -> tuple[int, list[int]]:
        place = settle(session, person, ref, START)
        return place.chat.id, [say(session, place, text, START).id for text in texts]

    return await database.write(unit)


async def indexed(
    database: Database, texts: Sequence[str], ref: ChatRef = GROUP, person: Person = ANN
) -> tuple[int, list[int]]:
    """The same, and index them."""
    chat_id, ids = await talk(database, texts, ref, person)
    await flush(database, [chat_id])
    return chat_id, ids


async def found(database: Database, chat_ids: int | Sequence[int], query: str) -> list[int]:
    """Messages that hold every term of a query, ascending."""
    chats = [chat_ids] if isinstance(chat_ids, int) else chat_ids
    wanted = query_terms(query)
    postings = await database.read(lambda s: search.message_postings(s, chats, wanted))
    lists = [set(postings[term].ids) if term in postings else set[int]() for term in wanted]
    return sorted(set.intersection(*lists)) if lists else []


def words_of(session: Session) -> dict[int, str | None]:
    """What is stored for the index, by message."""
    return {row.id: row.search_text for row in session.query(Message).order_by(Message.id)}


def chat_of(session: Session, ref: ChatRef) -> int:
    """The id of a chat that is there."""
    return session.query(Chat.id).filter(Chat.external_id == ref.external_id).scalar() or 0
