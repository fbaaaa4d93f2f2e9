"""Exports of Telegram Desktop: everything of them comes in, once, before what the bot saw itself."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import Attachment, Conversation, Message, User
from bot.db.repositories import talk
from bot.services.erasure import Erasure
from bot.services.transfer.telegram_import import Brought, TelegramPast
from tests.support.clock import ManualClock
from tests.support.people import BOB, say, settle
from tests.transfer.past import START, message, result

GROUP = ChatRef("-1001001", "supergroup", "Neighbours")
RICH = [
    {"id": 1, "type": "service", "date_unixtime": str(START), "actor": "Ann", "actor_id": "user101",
     "action": "create_group", "title": "Neighbours", "members": ["Ann", "Bob"], "text": ""},
    message(2, ["See ", {"type": "text_link", "text": "this", "href": "https://example.org"}, "!"]),
    message(3, "Agreed", 102, "Bob", reply_to_message_id=2, edited_unixtime=str(START + 60)),
    message(4, "", photo="photos/1.jpg", width=10, height=20, photo_file_size=99),
    message(5, "", file="f.pdf", file_name="Plan.pdf", mime_type="application/pdf", file_size=7),
    message(6, "far away", forwarded_from="Some channel"),
    message(7, "", media_type="voice_message", file="v.ogg", mime_type="audio/ogg"),
    message(8, "", poll={"question": "Tea?", "answers": [{"text": "yes"}, {"text": "no"}]}),
    message(9, "hidden") | {"from": None, "from_id": "channel55"},
    message(10, "I am the bot", 7, "Mnema"),
]  # fmt: skip


class Letters:
    """Counts letters."""

    def count(self, text: str) -> int:
        return len(text)

    def count_messages(self, messages: object, tools: object = ()) -> int:
        raise NotImplementedError


async def bring(database: Database, clock: ManualClock, data: bytes, only: ChatRef | None = None) -> Brought:
    return await TelegramPast(database, clock, Letters(), "7").read(io.BytesIO(data), None, only)


def said(session: Session) -> list[str]:
    return [m.content for m in session.scalars(select(Message).order_by(Message.id))]


async def test_everything_comes_in_once(database: Database, clock: ManualClock) -> None:
    done = await bring(database, clock, result(RICH))
    assert (done.added, done.known, done.chats) == (10, 0, ["Neighbours"])

    def look(session: Session) -> None:
        rows = session.scalars(select(Message).order_by(Message.id)).all()
        assert [m.content for m in rows] == [
            "(create group: Neighbours)", "See this (https://example.org)!", "Agreed", "", "", "far away", "",
            "Tea? (yes, no)", "hidden", "I am the bot",
        ]  # fmt: skip
        assert [m.direction for m in rows] == ["system", *["incoming"] * 8, "outgoing"]
        assert [m.content_type for m in rows][3:8] == ["image", "document", "text", "voice", "poll"]
        assert (rows[2].reply_to, rows[2].sender_label) == (rows[1].id, "Bob (id:102)")
        assert rows[2].edited_at == datetime.fromtimestamp(START + 60, UTC)
        assert rows[5].forwarded_from == "Some channel"
        assert rows[8].sender_id is None
        assert all(m.token_count for m in rows if m.content)
        assert session.scalars(select(Attachment.name)).all() == [None, "Plan.pdf", None]
        assert session.scalars(select(User.external_id).order_by(User.id)).all() == ["101", "102"]
        (conversation,) = session.scalars(select(Conversation))
        assert (conversation.status, conversation.message_count, conversation.next_seq) == ("active", 10, 11)

    await database.read(look)
    more = await bring(database, clock, result([*RICH, message(11, "news")]))
    assert (more.added, more.known) == (1, 10)
    assert len(await database.read(said)) == 11


async def test_the_past_stands_before_the_present(database: Database, clock: ManualClock) -> None:
    def live(session: Session) -> str:
        place = settle(session, BOB, GROUP, clock.now())
        first = say(session, place, "live one", clock.now())
        talk.refer(session, place.chat.id, ["500"], first.id)
        answer = {"direction": "outgoing", "sender_id": None, "reply_to": first.id}
        say(session, place, "live two", clock.now() + timedelta(seconds=1), **answer)
        return place.conversation.id

    conversation = await database.write(live)
    later = int(clock.now().timestamp()) - START
    old = [message(1, "past one"), message(2, "past two", 102, "Bob")]
    seen = [
        message(500, "live one", 102, "Bob") | {"date_unixtime": str(START + later)},
        message(later, "missed"),
    ]
    done = await bring(database, clock, result([*old, *seen]), GROUP)
    assert (done.added, done.known, done.later) == (2, 1, 1)

    def look(session: Session) -> None:
        rows = session.scalars(select(Message).order_by(Message.id)).all()
        assert [m.content for m in rows] == ["past one", "past two", "live one", "live two"]
        assert rows[3].reply_to == rows[2].id
        (joined,) = session.scalars(select(Conversation))
        assert (joined.id, joined.status, joined.message_count) == (conversation, "active", 4)
        assert talk.by_external_id(session, joined.chat_id, "500") is rows[2]
        place = settle(session, BOB, GROUP, clock.now())
        assert place.conversation.id == conversation

    await database.write(look)
    again = await bring(database, clock, result([*old, *seen]), GROUP)
    assert (again.added, again.known) == (0, 3)
    assert await database.read(said) == ["past one", "past two", "live one", "live two"]
    with pytest.raises(Invalid):
        await bring(database, clock, result(old, id_=2002), GROUP)


async def test_a_whole_account(sqlite_database: Database, clock: ManualClock) -> None:
    """Private chats belong to the other person, the one with the bot to whoever talked with it."""
    chats = [
        json.loads(result([message(1, "to the bot"), message(2, "answer", 7, "Mnema")], "bot_chat", 7)),
        json.loads(result([message(3, "dear Bob")], "personal_chat", 102)),
        json.loads(result([message(4, "note to self")], "saved_messages", 101)),
        json.loads(result([message(5, "in the group")], "private_group", 1001)),
    ]
    whole = {"about": "x", "personal_information": {"user_id": 101}, "chats": {"about": "y", "list": chats}}
    done = await bring(sqlite_database, clock, json.dumps(whole).encode())
    assert (done.added, len(done.chats)) == (4, 3)
    keys = await sqlite_database.read(lambda s: s.scalars(select(Conversation.scope_key)).all())
    assert keys == ["tg:101:u101", "tg:102:u102", "tg:-1001:0"]
    assert await sqlite_database.read(said) == ["to the bot", "answer", "dear Bob", "in the group"]
    for wrong in (b"{}", b"[1]", b"{", b'{"name": "x"}', b"no json"):
        with pytest.raises(Invalid):
            await bring(sqlite_database, clock, wrong)


async def test_the_erased_stay_away(sqlite_database: Database, clock: ManualClock, tmp_path: Path) -> None:
    await bring(sqlite_database, clock, result(RICH))
    await Erasure(sqlite_database, clock, tmp_path, 14).erase(Person("101"))
    done = await bring(sqlite_database, clock, result(RICH))
    assert (done.added, done.erased) == (0, 7)
    assert await sqlite_database.read(said) == ["Agreed", "hidden", "I am the bot"]
