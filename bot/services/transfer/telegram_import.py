"""A chat's past out of Telegram's export: it comes before what the bot saw itself, and only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.ids import message_id
from bot.core.messages import ChatRef
from bot.core.ports import Clock, TokenCounter
from bot.core.text import label
from bot.db.clean import storable, storable_or_none
from bot.db.engine import Database
from bot.db.models import ChatMember, Conversation
from bot.db.repositories import arrivals as rows
from bot.db.repositories import running_summaries
from bot.db.upsert import insert_new
from bot.services.transfer.erased import ErasedMarks, erased_marks
from bot.services.transfer.telegram_file import PastChat, PastMessage, past
from bot.services.transfer.telegram_place import Place, join, opened

BATCH = 1000


@dataclass(slots=True)
class Brought:
    """What became of a file: messages by what was done with them, and the chats they went to."""

    added: int = 0
    known: int = 0
    later: int = 0
    erased: int = 0
    chats: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """All messages of the file so far."""
        return self.added + self.known + self.later + self.erased


ToldMessages = Callable[[int, int], Awaitable[None]]
"""Told how many bytes of the file are read, and how many messages were in them."""


class OtherChat(Invalid):
    """It is the past of another chat than the one that it was sent to."""


class TelegramPast:
    """Imports exports of chats. `bot_id` tells which of the messages the bot itself wrote."""

    def __init__(self, database: Database, clock: Clock, tokens: TokenCounter, bot_id: str | None) -> None:
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._bot_id = bot_id

    async def read(
        self, file: BinaryIO, told: ToldMessages | None = None, only: ChatRef | None = None
    ) -> Brought:
        """Import a file; `only` is the one chat that may be in it. Raises Invalid.

        `told` hears how many bytes and messages are read. Done again, also after an interruption, it adds
        what is missing.
        """
        entries, brought = past(file), Brought()
        erased = await self._db.read(erased_marks)
        place: Place | None = None
        while batch := await asyncio.to_thread(lambda: list(islice(entries, BATCH))):
            for chat, some in _by_chat(batch, place.chat if place is not None else None):
                if place is None or place.chat != chat:
                    await self._finish(place)
                    place = await self._open(chat, only, some)
                    brought.chats.append(chat.title)
                await self._bring(place, some, erased, brought)
            if told is not None:
                await told(file.tell(), brought.read)
        await self._finish(place)
        return brought

    async def _open(self, chat: PastChat, only: ChatRef | None, first: Sequence[PastMessage]) -> Place:
        if only is not None and not _same_chat(chat, only):
            raise OtherChat("this is the past of another chat")
        now = self._clock.now()
        external_id = chat.external_id if only is None else only.external_id
        if chat.with_bot:
            # The file names it after the bot; here it is the chat of the one who talks with it.
            others = (m.sender_id for m in first if m.sender_id not in (None, self._bot_id))
            external_id = next(others, None) or external_id
        ref = only or ChatRef(external_id, chat.type, chat.title)

        def unit(session: Session) -> Place:
            return opened(session, chat, ref, now)

        return await self._db.write(unit)

    async def _bring(
        self, place: Place, messages: Sequence[PastMessage], erased: ErasedMarks, brought: Brought
    ) -> None:
        counts = await asyncio.to_thread(lambda: [self._tokens.count(m.text) for m in messages])
        now = self._clock.now()
        for sender in {m.sender_id for m in messages} - set(place.gone) - {None}:
            place.gone[str(sender)] = await asyncio.to_thread(erased.erased_at, "tg", str(sender))
        work = [(m, tokens) for m, tokens in zip(messages, counts, strict=True) if not _is_gone(place, m)]
        put = await self._db.write(lambda s: _put(s, place, work, self._bot_id, now))
        place.users |= put.users
        brought.added += put.added
        brought.known += put.known
        brought.later += put.later
        brought.erased += len(messages) - len(work)

    async def _finish(self, place: Place | None) -> None:
        if place is not None:
            now = self._clock.now()
            await self._db.write(lambda s: join(s, place, now))


def _by_chat(
    batch: Sequence[PastChat | PastMessage], chat: PastChat | None
) -> list[tuple[PastChat, list[PastMessage]]]:
    found: list[tuple[PastChat, list[PastMessage]]] = [] if chat is None else [(chat, [])]
    for entry in batch:
        if isinstance(entry, PastChat):
            found.append((entry, []))
        elif found:
            found[-1][1].append(entry)
    return [(of, some) for of, some in found if some]


def _same_chat(chat: PastChat, ref: ChatRef) -> bool:
    """A group that has become a supergroup since has another id; its former one may be in the file."""
    if (chat.type == "private") != ref.private:
        return False
    bare = chat.external_id.removeprefix("-100").removeprefix("-")
    return bare == ref.external_id.removeprefix("-100").removeprefix("-") or (
        chat.type == "group" and ref.type == "supergroup" and chat.title == (ref.title or "")
    )


def _is_gone(place: Place, message: PastMessage) -> bool:
    at = place.gone.get(message.sender_id or "")
    return at is not None and message.sent_at <= at


@dataclass(frozen=True, slots=True)
class _Put:
    """How many messages were added, known and later; `users` are the rows of those who spoke."""

    added: int
    known: int
    later: int
    users: dict[str, int] = field(default_factory=dict)


def _put(
    session: Session,
    place: Place,
    work: Sequence[tuple[PastMessage, int]],
    bot_id: str | None,
    now: datetime,
) -> _Put:
    """Insert what is neither known nor later. It changes nothing but rows: it may have to run again."""
    refs = rows.known_refs(session, place.chat_id, [place.ref(m.id) for m, _ in work])
    unknown = [(m, tokens) for m, tokens in work if place.ref(m.id) not in refs]
    new = [(m, tokens) for m, tokens in unknown if place.until is None or m.sent_at < place.until]
    later, known = len(unknown) - len(new), len(work) - len(unknown)
    if not new:
        return _Put(0, known, later)
    conversation = session.get_one(Conversation, place.no, with_for_update=True, populate_existing=True)
    users = _know(session, place, [m for m, _ in new], bot_id, now)
    ids = {m.id: message_id(place.no, conversation.next_seq + at) for at, (m, _) in enumerate(new)}
    wanted = [place.ref(m.reply_to) for m, _ in new if m.reply_to is not None and m.reply_to not in ids]
    ids_before = rows.known_refs(session, place.chat_id, wanted)
    known_as = _Known({**place.users, **users}, {m.sender: label(m.sender) for m, _ in new}, ids, ids_before)
    inserted = [_row(place, m, tokens, known_as, bot_id) for m, tokens in new]
    rows.append_messages(session, inserted)
    rows.add_refs(
        session,
        [
            {"chat_id": place.chat_id, "external_id": place.ref(m), "message_id": id_}
            for m, id_ in ids.items()
        ],
    )
    files = [_attachment(ids[m.id], m) for m, _ in new if m.file is not None]
    rows.add_beside(session, files, ())
    rows.count_in(session, place.no, sorted(ids.values()), max(m.sent_at for m, _ in new))
    running_summaries.leave_out(conversation, conversation.next_seq - 1)
    return _Put(len(new), known, later, users)


def _know(
    session: Session, place: Place, messages: Sequence[PastMessage], bot_id: str | None, now: datetime
) -> dict[str, int]:
    """The rows of people who are new in this run, with when they were first seen."""
    found: dict[str, int] = {}
    for message in messages:
        sender = message.sender_id
        if sender is None or sender == bot_id or sender in place.users or sender in found:
            continue
        values = {"first_name": label(message.sender), "created_at": message.sent_at,
                  "last_seen_at": message.sent_at}  # fmt: skip
        found[sender] = user = rows.user_id(session, "tg", sender, values)
        if not message.service:
            # Whether they are still there nobody knows: until they are seen, it is not theirs to recall.
            row = {"chat_id": place.chat_id, "user_id": user, "joined_at": message.sent_at, "left_at": now}
            insert_new(session, ChatMember, [row], ["chat_id", "user_id"])
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows of a batch refer to: people by their ids, names as labels, messages of it and before."""

    users: Mapping[str, int]
    labels: Mapping[str, str]
    ids: Mapping[int, int]
    before: Mapping[str, int]


def _row(place: Place, m: PastMessage, tokens: int, known: _Known, bot_id: str | None) -> dict[str, Any]:
    mine = bot_id is not None and m.sender_id == bot_id
    name = known.labels[m.sender]
    reply = None if m.reply_to is None else known.ids.get(m.reply_to)
    if reply is None and m.reply_to is not None:
        reply = known.before.get(place.ref(m.reply_to))
    return {
        "id": known.ids[m.id],
        "sender_id": None if mine or m.sender_id is None else known.users.get(m.sender_id),
        "sender_label": storable(name if mine or m.sender_id is None else f"{name} (id:{m.sender_id})"),
        "direction": "outgoing" if mine else "system" if m.service else "incoming",
        "content_type": m.content_type,
        "content": storable(m.text),
        "token_count": tokens,
        "reply_to": reply,
        "forwarded_from": storable_or_none(m.forwarded_from),
        "meta": {"imported": True},
        "sent_at": m.sent_at,
        "edited_at": m.edited_at,
    }


def _attachment(id_: int, m: PastMessage) -> dict[str, Any]:
    file = m.file
    assert file is not None
    return {
        "message_id": id_, "kind": file.kind, "file_id": "", "unique_id": "", "mime": file.mime,
        "size": file.size, "width": file.width, "height": file.height, "name": file.name,
    }  # fmt: skip
