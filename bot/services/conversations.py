"""The conversations of a place: starting anew, and the list of those before, to open, name and delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.ids import conversation_of
from bot.core.messages import ChatRef, Person
from bot.core.ports import Clock
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Chat, Conversation, User
from bot.db.repositories import conversations, dialogue, people, summaries, talk
from bot.memory.hits import Ask, Kind
from bot.memory.recall import Recall
from bot.services import incognito, titles

_MESSAGES: tuple[Kind, ...] = ("message",)
_FOUND = 50
"""Messages that a search for conversations looks at."""

MAX_ACTIVE = 10


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """A conversation as its people see it; `last_at` is when something was last said."""

    no: int
    id: str
    title: str | None
    active: bool
    cleared: bool
    message_count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A page of them; `page` counts from 0."""

    items: tuple[ConversationItem, ...]
    page: int
    pages: int
    total: int


class Conversations:
    """The conversations of a chat (topic) or of a person's private chat, one of them active.

    Incognito ones are never listed. A number of another place is as unknown as one that never was.
    """

    def __init__(
        self, database: Database, clock: Clock, recall: Recall | None = None, most: int = MAX_ACTIVE
    ) -> None:
        self._db = database
        self._clock = clock
        self._recall = recall
        self._most = most

    async def start_new(self, chat: ChatRef, asker: Person, title: str | None) -> bool:
        """Archive the active conversation and start an empty one; False when there was none to archive.

        The old one stays in recall and summaries.
        """
        return await self._begin(chat, asker, title, cleared=False)

    async def clear(self, chat: ChatRef, asker: Person) -> bool:
        """The same, and nothing reaches behind it: the place's summaries restart here, automatic recall skips
        what was said before, the asker's dialogue states in the chat end. Facts stay.
        """
        return await self._begin(chat, asker, None, cleared=True)

    async def clear_of(self, user_id: str, chat_id: str, topic_id: int | None = None) -> bool:
        """Clear a Telegram person's conversation by ids. Raises NotFound for an unknown chat or person."""

        def unit(session: Session) -> tuple[ChatRef, Person]:
            user = people.find_user(session, Person(user_id))
            chat = people.find_chat(session, ChatRef(chat_id, "private"))
            if user is None or chat is None:
                raise NotFound("no such person or chat")
            return people.as_chat_ref(chat, topic_id), people.as_person(user)

        return await self.clear(*await self._db.read(unit))

    async def page(self, chat: ChatRef, asker: Person, page: int, size: int = 5) -> ConversationPage:
        """A page of the place's conversations, the active one first; a page too far is the last one."""
        now = self._clock.now()
        return await self._db.read(lambda s: _paged(s, _rows(s, chat, asker), page, size, now))

    async def find(self, chat: ChatRef, asker: Person, words: str, size: int = 5) -> ConversationPage:
        """The place's conversations in whose title or messages the words are, the best first."""
        now = self._clock.now()
        scope = await self._db.read(lambda s: _scope(s, chat, asker))
        said: list[int] = []
        if self._recall is not None and scope is not None and scope.chat_id is not None:
            ask = Ask(words, now, ZoneInfo("UTC"), _FOUND, _MESSAGES, chats=[scope.chat_id], cleared=True)
            hits = await self._recall.search(scope, ask)
            said = list(dict.fromkeys(conversation_of(hit.id) for hit in hits))

        def unit(session: Session) -> ConversationPage:
            rows = {row.no: row for row in _rows(session, chat, asker)}
            named = titles.titles_of(session, list(rows.values()), now)
            wanted = words.casefold().strip()
            order = [no for no, title in named.items() if wanted in (title or "").casefold()]
            best = [rows[no] for no in dict.fromkeys([*order, *said]) if no in rows]
            return _paged(session, best, 0, size, now)

        return await self._db.read(unit)

    async def get(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """One of the place's conversations by its number."""
        now = self._clock.now()

        def unit(session: Session) -> ConversationItem | None:
            row = _own(session, chat, asker, no)
            return None if row is None else _items(session, [row], now)[0]

        return await self._db.read(unit)

    async def open(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """Go on with a conversation, and archive the present one; a clearing of it ends. None: unknown."""

        return await self._change(chat, asker, no, lambda s, row, now: open_again(s, row, self._most, now))

    async def rename(self, chat: ChatRef, asker: Person, no: int, title: str) -> ConversationItem | None:
        """Give a title; an empty one leaves it to the first words. None: unknown."""

        def change(session: Session, row: Conversation, now: datetime) -> None:
            row.title = titles.given(title)
            session.flush()

        return await self._change(chat, asker, no, change)

    async def archive(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """End a conversation; what is said next begins another one. None: unknown."""

        def change(session: Session, row: Conversation, now: datetime) -> None:
            if row.status == "active":
                talk.archive(session, row, now, cleared=False)

        return await self._change(chat, asker, no, change)

    async def delete(self, chat: ChatRef, asker: Person, no: int) -> ConversationItem | None:
        """Delete a conversation: hidden at once, its rows go after the days of grace. None: unknown."""
        return await self._change(chat, asker, no, conversations.hide)

    async def _change(
        self,
        chat: ChatRef,
        asker: Person,
        no: int,
        change: Callable[[Session, Conversation, datetime], object],
    ) -> ConversationItem | None:
        now = self._clock.now()

        def unit(session: Session) -> ConversationItem | None:
            if _own(session, chat, asker, no) is None:
                return None
            row = conversations.locked(session, no)
            if row is None or row.status not in conversations.SHOWN:
                return None
            change(session, row, now)
            return _items(session, [row], now)[0]

        return await self._db.write(unit)

    async def _begin(self, chat: ChatRef, asker: Person, title: str | None, *, cleared: bool) -> bool:
        now = self._clock.now()

        def unit(session: Session) -> bool:
            row = people.upsert_chat(session, chat, now)
            user = people.upsert_user(session, asker, now)
            session.flush()
            old = talk.find_active(session, talk.scope_key(chat, user))
            hidden = old is not None and old.incognito
            said = old is not None and old.message_count > 0
            # An empty one can go on: nothing is lost, and a command handled twice begins nothing twice.
            if old is not None and (said or hidden):
                talk.archive(session, old, now, cleared=cleared and not hidden)
            new, began = talk.begun(session, row, chat, user, now)
            if began:
                conversations.hold_limit(session, new, self._most, now)
            if old is not None and hidden:
                incognito.goes_on(session, old, new, now)
            new.title = titles.given(title)
            session.flush()
            cleared_more = cleared and not hidden and _clear_before(session, new, now)
            if cleared:
                dialogue.clear(session, Scope(user.id, row.id, chat.private), now)
            return said or cleared_more

        return await self._db.write(unit)


def open_again(session: Session, row: Conversation, most: int, now: datetime) -> None:
    """Go on with a (locked) conversation: the active one of its place is archived, an incognito one ends.

    Of its person's conversations `most` stay active.
    """
    active = talk.find_active(session, row.scope_key)
    if active is not None and active.incognito:
        incognito.end(session, active, now)
    conversations.reopen(session, row, now)
    if row.user_id is not None:
        conversations.make_room(session, row.user_id, most, now, keep=row.no)


def _clear_before(session: Session, present: Conversation, now: datetime) -> bool:
    """Clear what was archived in the same place before; whether anything was."""
    rows = session.scalars(
        update(Conversation)
        .where(Conversation.chat_id == present.chat_id, Conversation.scope_key == present.scope_key)
        .where(Conversation.status == "archived", Conversation.cleared_at.is_(None))
        .where(Conversation.incognito.is_(False), Conversation.message_count > 0)
        .values(cleared_at=now)
        .returning(Conversation.no)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        summaries.restart(session, present.chat_id, present.topic_id or 0)
    return bool(rows)


def _place(session: Session, chat: ChatRef, asker: Person) -> tuple[Chat | None, User | None]:
    return people.find_chat(session, chat), people.find_user(session, asker)


def _scope(session: Session, chat: ChatRef, asker: Person) -> Scope | None:
    row, user = _place(session, chat, asker)
    return None if row is None or user is None else Scope(user.id, row.id, chat.private)


def _rows(session: Session, chat: ChatRef, asker: Person) -> list[Conversation]:
    row, user = _place(session, chat, asker)
    if row is None or user is None:
        return []
    here = people.as_chat_ref(row, chat.topic_id)
    return conversations.of_place(session, row, talk.scope_key(here, user))


def _own(session: Session, chat: ChatRef, asker: Person, no: int) -> Conversation | None:
    return next((row for row in _rows(session, chat, asker) if row.no == no), None)


def _paged(
    session: Session, rows: Sequence[Conversation], page: int, size: int, now: datetime
) -> ConversationPage:
    pages = max(1, -(-len(rows) // size))
    at = min(max(page, 0), pages - 1)
    some = _items(session, rows[at * size : (at + 1) * size], now)
    return ConversationPage(tuple(some), at, pages, len(rows))


def _items(session: Session, rows: Sequence[Conversation], now: datetime) -> list[ConversationItem]:
    named = titles.titles_of(session, rows, now)
    return [
        ConversationItem(
            row.no, row.id, named[row.no], row.status == "active", row.cleared_at is not None,
            row.message_count, row.last_message_at or row.created_at,
        )
        for row in rows
    ]  # fmt: skip
