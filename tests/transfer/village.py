"""An instance at random: everything that is exported, in every shape that it can have."""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.core.ids import message_id
from bot.db.models import (
    Attachment,
    Booking,
    Chat,
    ChatMember,
    Conversation,
    DialogueState,
    Memory,
    MemorySource,
    Message,
    MessageRef,
    MessageVersion,
    Profile,
    User,
)
from bot.db.repositories import knowledge
from bot.memory.text import normal

_WORDS = (
    "дощ", "їжак", "rain", "<b>bold</b>", '"quoted"', "a\nline", "👩‍👩‍👧", "שלום", "\u2028", "{username}",
    "`code`", "back\\slash", "</script>", "ціна", "&amp;", "tab\t.",
)  # fmt: skip


class Village:
    """Makes it in one session, each time the same for the same seed."""

    def __init__(self, session: Session, seed: int, now: datetime) -> None:
        self.session, self.dice, self.now = session, random.Random(seed), now
        self.messages: list[Message] = []

    def settle(self) -> None:
        """Make all of it."""
        users = [self._user(number) for number in range(6)]
        chats = [self._chat(number, user) for number, user in enumerate(users)]
        self._members(chats[4:], users)
        for chat, user in zip(chats, users, strict=True):
            for status in ("archived", "active")[self.dice.randrange(2) :]:
                self._conversation(chat, None if chat.type == "supergroup" else user, status, users)
        for user in users:
            self._facts(user, chats)
            self._around(user, self.dice.choice(chats))
        self._add(Memory, self._fact(None, None, subject="system", kind="rule"))
        self.session.flush()

    def _words(self, most: int = 12) -> str:
        return " ".join(self.dice.choices(_WORDS, k=self.dice.randrange(1, most)))

    def _maybe(self, value: Any, chance: float = 0.5) -> Any:
        return value if self.dice.random() < chance else None

    def _then(self, most: int = 400) -> datetime:
        return self.now - timedelta(
            days=self.dice.randrange(1, most), microseconds=self.dice.randrange(10**6)
        )

    def _add(self, table: Any, values: dict[str, Any]) -> Any:
        row = table(**values)
        self.session.add(row)
        self.session.flush()
        return row

    def _user(self, number: int) -> User:
        at, telegram = self._then(), number < 4
        user: User = self._add(User, {
            "platform": "tg" if telegram else "api",
            "external_id": str(900 + number) if telegram else f"u-{number}",
            "first_name": self._words(3), "last_name": self._maybe(self._words(3)) or "",
            "username": self._maybe(f"user{number}"), "language_code": self._maybe("uk"),
            "application": None if telegram else "app", "created_at": at, "last_seen_at": at,
        })  # fmt: skip
        if number % 2:
            self._add(Profile, {
                "user_id": user.id, "language": self._maybe("uk"), "timezone": self._maybe("Europe/Kyiv"),
                "pronouns": self._maybe("she/her"), "communication_style": self._maybe(self._words(4)),
                "response_length": self._maybe("short"), "relevance_threshold": self._maybe(0.4),
                "preferences": {"quiet": True} if self._maybe(1) else {}, "updated_at": at,
            })  # fmt: skip
        return user

    def _chat(self, number: int, user: User) -> Chat:
        at, group = self._then(), number >= 4
        kind = "supergroup" if group else "private"
        chat: Chat = self._add(Chat, {
            "platform": "tg", "external_id": f"-100{number}" if group else user.external_id, "type": kind,
            "title": self._words(4) if group else None, "approved": self._maybe(True) if group else None,
            "settings": {"voice": self._words(3)} if self._maybe(1) else {}, "created_at": at,
            "updated_at": at,
        })  # fmt: skip
        return chat

    def _members(self, chats: list[Chat], users: list[User]) -> None:
        for chat in chats:
            for user in users[:4]:
                left = self._maybe(self._then(100))
                self._add(ChatMember, {
                    "chat_id": chat.id, "user_id": user.id, "joined_at": self._then(), "left_at": left,
                })  # fmt: skip

    def _conversation(self, chat: Chat, user: User | None, status: str, users: list[User]) -> None:
        at, count = self._then(), self.dice.randrange(3, 12)
        whose = f"u{user.external_id}" if user is not None else "0"
        row: Conversation = self._add(Conversation, {
            "id": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "scope_key": f"tg:{chat.external_id}:{whose}", "chat_id": chat.id,
            "user_id": user.id if user else None, "title": self._maybe(self._words(4)), "status": status,
            "context_summary": self._maybe(self._words()), "summary_upto_seq": self.dice.randrange(3),
            "message_count": count, "next_seq": count + 1, "external_id": self._maybe(self._words(3)),
            "application": self._maybe("app"), "meta": {"topic": self._words(3), "n": [1, None, {"x": 1.5}]},
            "archived_at": at if status == "archived" else None, "created_at": at, "updated_at": at,
            "last_message_at": at + timedelta(minutes=count),
        })  # fmt: skip
        speakers = [user] if user is not None else users[:4]
        ids: list[int] = []
        for seq in range(1, count + 1):
            ids.append(self._message(row, seq, self.dice.choice(speakers), ids, at + timedelta(minutes=seq)))

    def _message(self, row: Conversation, seq: int, user: User | None, ids: list[int], at: datetime) -> int:
        assert user is not None
        mine, kind = self.dice.random() < 0.3, self.dice.choice(("text", "text", "image", "voice"))
        message: Message = self._add(Message, {
            "id": message_id(row.no, seq), "sender_id": None if mine else user.id,
            "sender_label": "Mnema" if mine else f"x (id:{user.external_id})",
            "direction": "outgoing" if mine else "incoming", "content_type": kind, "content": self._words(),
            "token_count": self.dice.randrange(40), "importance": self._maybe(0.75),
            "relevance_score": self._maybe(0.25), "context_entries_used": self._maybe(2),
            "processing_time_ms": self._maybe(900),
            "reply_to": self.dice.choice(ids) if ids and mine else None,
            "quote": self._maybe(self._words(4), 0.2), "forwarded_from": self._maybe(self._words(3), 0.2),
            "meta": {"k": self._words(3)} if self._maybe(1) else {}, "sent_at": at,
            "edited_at": self._maybe(at + timedelta(seconds=5), 0.3),
            "expires_at": self._maybe(self.now + timedelta(days=9), 0.1),
        })  # fmt: skip
        if kind != "text":
            self._add(Attachment, {
                "message_id": message.id, "kind": kind, "file_id": "AgAC", "unique_id": "u",
                "mime": "image/png", "size": 2**40, "width": 3, "height": None, "name": self._words(3),
                "description": self._words(),
            })  # fmt: skip
        if message.edited_at is not None:
            self._add(MessageVersion, {
                "message_id": message.id, "content": self._words(), "replaced_at": message.edited_at,
            })  # fmt: skip
        self._add(MessageRef, {
            "chat_id": row.chat_id, "external_id": f"{row.no}:{seq}", "message_id": message.id,
        })  # fmt: skip
        self.messages.append(message)
        return message.id

    def _fact(self, user: User | None, chat: Chat | None, **more: Any) -> dict[str, Any]:
        text, at = self._words(), self._then()
        return {
            "user_id": user.id if user else None, "chat_id": chat.id if chat else None, "kind": "other",
            "text": text, "text_key": normal(text), "scope": "chat" if chat else "global",
            "sensitive": self.dice.random() < 0.2, "priority": self.dice.randrange(1, 11),
            "tags": self.dice.sample(["a", "б", "c d"], k=self.dice.randrange(3)), "pinned": False,
            "origin": self.dice.choice(("explicit", "inferred")), "valid_at": at, "created_at": at,
            "expires_at": self._maybe(self.now + timedelta(days=5), 0.2), **more,
        }  # fmt: skip

    def _facts(self, user: User, chats: list[Chat]) -> None:
        new = self._add(Memory, self._fact(user, self._maybe(self.dice.choice(chats))))
        over = {"invalid_at": self.now, "closed_as": "changed", "superseded_by": new.id}
        old = self._add(Memory, self._fact(user, None, **over))
        put_aside = self._add(Memory, self._fact(user, None, archived_at=self._then()))
        for fact in (new, old, put_aside):
            own = [message for message in self.messages if message.sender_id == user.id]
            for message in self.dice.sample([None, *own], k=min(2, len(own) + 1)):
                self._add(MemorySource, {
                    "memory_id": fact.id, "message_id": message.id if message else None,
                    "quote": self._words(4),
                })  # fmt: skip

    def _around(self, user: User, chat: Chat) -> None:
        at = self._then()
        self._add(DialogueState, {
            "user_id": user.id, "chat_id": chat.id, "type": self._words(2), "data": {"step": self._words(3)},
            "created_at": at, "updated_at": at, "expires_at": self.now + timedelta(minutes=9),
        })  # fmt: skip
        self._add(Booking, {
            "user_id": user.id, "chat_id": self._maybe(chat.id), "service": self._words(3),
            "master": self._words(2), "date": "2026-04-01", "time": "10:00", "phone": "+380",
            "status": self.dice.choice(("booked", "cancelled")), "details": {"n": 1}, "created_at": at,
            "cancelled_at": self._maybe(at),
        })  # fmt: skip
        text = self._words()
        passages = [knowledge.NewPassage(text, self._maybe(n), self._maybe("h"), 3, "") for n in range(1, 3)]
        digest = hashlib.sha256(f"{user.id}{text}".encode()).hexdigest()
        meta = {"file": "u"} if self._maybe(1) else {}
        new = knowledge.NewDocument(self._words(3), "text/plain", 9, digest, passages, None, meta)
        owner = knowledge.Owner(user.id) if self._maybe(1) else knowledge.Owner(chat_id=chat.id)
        knowledge.add(self.session, owner, new, at)
