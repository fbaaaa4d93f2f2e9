"""Whose kept prompts may hold a message, a fact or a document that is being deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, defer

from bot.core.ids import conversation_of
from bot.db.models import ChatMember, Chunk, Conversation, Document, Memory, Message, Trace, Turn, TurnStep

_GIST = 60
"""Characters of a text by which it is found in a prompt."""

_ROWS = 500
"""Ids of one statement."""


@dataclass
class Holders:
    """The things by kind and id, the beginnings of their texts, and who (or which chats) saw them."""

    ids: set[tuple[str, int]] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    users: set[int] = field(default_factory=set)
    chats: set[int] = field(default_factory=set)
    everybody: bool = False

    def add_messages(self, session: Session, ids: Collection[int]) -> None:
        """Messages: their chat's turns, and those of its members, who recall it wherever they ask."""
        self.ids |= {("message", i) for i in ids}
        self._say(session.scalars(select(Message.content).where(Message.id.in_(ids))))
        places = select(Conversation.chat_id, Conversation.user_id).where(
            Conversation.no.in_({conversation_of(message) for message in ids})
        )
        for chat_id, user_id in session.execute(places):
            self.chats.add(chat_id)
            self._seen_by(user_id)
        members = select(ChatMember.user_id).where(ChatMember.chat_id.in_(self.chats))
        self.users |= set(session.scalars(members))

    def add_memories(self, session: Session, ids: Collection[int]) -> None:
        """Facts: their owner's turns; of a conversation or the bot itself: wherever they were told."""
        self.ids |= {("fact", i) for i in ids}
        rows = session.execute(
            select(Memory, Conversation.chat_id)
            .outerjoin(Conversation, Conversation.no == Memory.conversation_no)
            .where(Memory.id.in_(ids))
        )
        for memory, conversation_chat in rows:
            self._say([memory.text])
            if memory.user_id is not None:
                self.users.add(memory.user_id)
            elif (chat_id := conversation_chat or memory.chat_id) is not None:
                self.chats.add(chat_id)
            else:
                self.everybody = True

    def add_quoting(self, session: Session, candidates: Collection[int]) -> None:
        """Those of the messages that answer one of these: in a prompt they stand with its beginning."""
        messages = [item for kind, item in self.ids if kind == "message"]
        for some in batched(candidates, _ROWS):
            answers = select(Message.id).where(Message.id.in_(some), Message.reply_to.in_(messages))
            self.ids |= {("message", answer) for answer in session.scalars(answers)}

    def add_documents(self, session: Session, ids: Collection[int]) -> None:
        """Documents with their passages: the turns of their owner, a person or a group."""
        self.ids |= {("document", i) for i in ids}
        for user_id, chat_id in session.execute(
            select(Document.user_id, Document.chat_id).where(Document.id.in_(ids))
        ):
            self._seen_by(user_id)
            if chat_id is not None:
                self.chats.add(chat_id)
        for chunk_id, text in session.execute(select(Chunk.id, Chunk.text).where(Chunk.document_id.in_(ids))):
            self.ids.add(("chunk", chunk_id))
            self._say([text])

    def traces(self, session: Session) -> Iterator[tuple[Trace, bool]]:
        """The traces with a prompt that may hold it, and whether tools brought something into that prompt."""
        tools = select(TurnStep.id).where(TurnStep.turn_id == Turn.id, TurnStep.key.like("tool:%")).exists()
        seen: set[int] = set()
        # Not one query with OR: it would look at every turn there ever was.
        for whose in self.whose():
            rows = session.execute(
                select(Trace, tools)
                .join(Turn, Turn.id == Trace.turn_id)
                .where(whose, Trace.prompt.is_not(None))
                .options(defer(Trace.prompt))
            )
            for trace, used_tools in rows:
                if trace.turn_id not in seen:
                    seen.add(trace.turn_id)
                    yield trace, used_tools

    def whose(self) -> list[ColumnElement[bool]]:
        """Whose turns these are: conditions of which each is looked up by itself."""
        if self.everybody:
            return [true()]
        found: list[ColumnElement[bool]] = []
        if self.users:
            found.append(Turn.user_id.in_(self.users))
        if self.chats:
            here = select(Conversation.no).where(Conversation.chat_id.in_(self.chats))
            found.append(Turn.conversation_no.in_(here))
        return found

    def _seen_by(self, user_id: int | None) -> None:
        if user_id is not None:
            self.users.add(user_id)

    def _say(self, texts: Collection[str] | Iterator[str]) -> None:
        # On one line, since prompts break lines as they like.
        self.words += [gist for text in texts if (gist := " ".join(text.split())[:_GIST])]


def batched(items: Collection[int], size: int) -> Iterator[list[int]]:
    """The items in lists of at most `size`."""
    ordered = sorted(items)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
