"""Sessions of applications: kept, found, exported; nobody reaches another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotAllowed, NotFound
from bot.db.engine import Database
from bot.db.models import Conversation, ExtractionMark
from bot.db.repositories.turn_view import ViewLimits, load_for_chat
from bot.services.api_talk import ApiTalk
from bot.services.reach import Caller
from bot.services.session_values import MessageType, NewMessage
from bot.services.sessions import Sessions
from tests.support.clock import ManualClock
from tests.support.people import ANN, PRIVATE, say, settle

SHOP = Caller("key", "shop-1", "shop", frozenset({"read", "write"}))
RIVAL = Caller("key", "rival-1", "rival", frozenset({"read", "write"}))
ADMIN = Caller("local", "admin", "default", frozenset({"admin"}))


async def talk(kept: Sessions, clock: ManualClock, *lines: tuple[str, str]) -> tuple[str, list[str]]:
    made = await kept.create(SHOP, "user123", None, {"category": "work"})
    ids: list[str] = []
    for kind, content in lines:
        clock.advance(1)
        reply = ids[-1] if kind == "ai" and ids else None
        message = await kept.add_message(SHOP, made.id, NewMessage(kind, content, reply, {"n": len(ids)}))
        ids.append(message.id)
    return made.id, ids


async def test_a_session_is_kept_and_read(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock)
    id_, ids = await talk(
        kept, clock, ("user", "Hi"), ("ai", "Hello!"), ("system", "The basket is empty"),
        ("user", "Which boots are waterproof? I walk a lot."),
    )  # fmt: skip
    found = await kept.get(SHOP, id_)
    assert (found.user_id, found.is_active, found.message_count) == ("user123", True, 4)
    assert found.title == "Which boots are waterproof?", "made of the first telling words"
    assert found.metadata == {"category": "work"}
    assert found.last_message_at == clock.now()
    lines = await kept.messages(SHOP, id_, limit=3, before=ids[3])
    assert [(m.message_type, m.content) for m in lines] == [
        (MessageType.USER, "Hi"), (MessageType.AI, "Hello!"), (MessageType.SYSTEM, "The basket is empty"),
    ]  # fmt: skip
    assert lines[1].response_to == ids[0]
    assert lines[1].metadata == {"n": 1}
    assert [m.id for m in await kept.search(SHOP, id_, "waterproof boot")] == [ids[3]]
    assert await kept.search(SHOP, id_, "umbrella") == []
    assert [m.id for m in (await kept.context(SHOP, id_, 2)).messages] == ids[2:]
    assert (await kept.rename(SHOP, id_, "Boots\nfor spring")).title == "Boots for spring"
    assert [s.id for s in await kept.of_user(SHOP, "user123")] == [id_]
    assert (await kept.statistics(SHOP))["total_messages"] == 4
    assert await kept.health() == {"status": "healthy", "database": "ok"}
    marks = await database.read(lambda s: s.query(ExtractionMark).count())
    assert marks == 1, "what the person said will be read for facts"


async def test_an_applications_line_is_no_persons_line(database: Database, clock: ManualClock) -> None:
    id_, _ = await talk(Sessions(database, clock), clock, ("user", "Hi"), ("system", "Basket: empty"))
    place = await ApiTalk(database, clock).open(SHOP, "user123", id_, "unused")
    view = await database.read(lambda s: load_for_chat(s, place.chat, place.asker, ViewLimits(clock.now())))
    assert [m.label for m in view.history] == ["user123 (id:user123)", "system note"]


async def test_archived_wakes_and_deleted_is_gone(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock)
    id_, _ = await talk(kept, clock, ("user", "Hi"))
    assert (await kept.deactivate(SHOP, id_)).status == "archived"
    assert [s.status for s in await kept.of_user(SHOP, "user123", "archived")] == ["archived"]
    await kept.add_message(SHOP, id_, NewMessage("user", "Still there?"))
    assert (await kept.get(SHOP, id_)).is_active
    await kept.delete(SHOP, id_)
    for call in (
        kept.get(SHOP, id_), kept.messages(SHOP, id_), kept.export(SHOP, id_), kept.delete(SHOP, id_),
        kept.add_message(SHOP, id_, NewMessage("user", "Hello?")),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call
    assert await kept.of_user(SHOP, "user123") == []
    assert (await kept.statistics(SHOP))["total_sessions"] == 0


async def test_the_eleventh_lets_the_least_recently_used_rest(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock, most=2)
    ids: list[str] = []
    for _ in range(3):
        clock.advance(60)
        ids.append((await kept.create(SHOP, "user123")).id)
    assert [(await kept.get(SHOP, id_)).is_active for id_ in ids] == [False, True, True]
    clock.advance(60)
    await kept.add_message(SHOP, ids[0], NewMessage("user", "I am back"))
    assert [(await kept.get(SHOP, id_)).is_active for id_ in ids] == [True, False, True]


async def test_nobody_reaches_anothers(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock)
    id_, _ = await talk(kept, clock, ("user", "My secret"))
    bound = Caller("key", "k", "shop", frozenset({"read", "write"}), "somebody-else")
    for caller in (RIVAL, bound):
        for call in (
            kept.get(caller, id_), kept.messages(caller, id_), kept.search(caller, id_, "secret"),
            kept.context(caller, id_), kept.export(caller, id_), kept.rename(caller, id_, "x"),
            kept.deactivate(caller, id_), kept.delete(caller, id_), kept.of_user(caller, "user123"),
            kept.add_message(caller, id_, NewMessage("user", "x")),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await call
    with pytest.raises(NotAllowed):
        await kept.cleanup(SHOP)
    assert (await kept.get(ADMIN, id_)).id == id_


@pytest.mark.parametrize(
    ("field", "new"),
    [
        ("message_type", NewMessage("robot", "x")),
        ("content", NewMessage("user", " \n")),
        ("response_to", NewMessage("user", "x", "12345")),
        ("response_to", NewMessage("user", "x", "one")),
        ("metadata", NewMessage("user", "x", None, {"a": object()})),
        ("metadata", NewMessage("user", "x", None, {"a": "b" * 20_000})),
        ("ttl_seconds", NewMessage("user", "x", ttl_seconds=0)),
    ],
)
async def test_bad_messages_are_refused(
    sqlite_database: Database, clock: ManualClock, field: str, new: NewMessage
) -> None:
    kept = Sessions(sqlite_database, clock)
    made = await kept.create(SHOP, "user123")
    with pytest.raises(Invalid) as caught:
        await kept.add_message(SHOP, made.id, new)
    assert caught.value.params["field"] == field
    assert (await kept.get(SHOP, made.id)).message_count == 0


async def test_a_message_with_a_time_is_not_shown_after_it(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock)
    made = await kept.create(SHOP, "user123")
    await kept.add_message(SHOP, made.id, NewMessage("user", "The code is 1234", ttl_seconds=60))
    assert len(await kept.search(SHOP, made.id, "code")) == 1
    clock.advance(61)
    assert await kept.messages(SHOP, made.id) == []
    assert await kept.search(SHOP, made.id, "code") == []
    assert (await kept.get(SHOP, made.id)).title is None


def same(document: dict[str, Any]) -> dict[str, Any]:
    """An export without what differs between two: ids, and when it was made."""
    places = {m["id"]: n for n, m in enumerate(document["messages"])}
    lines = [
        m | {"id": places[m["id"]], "response_to": places.get(m["response_to"])} for m in document["messages"]
    ]
    return {"session": document["session"] | {"id": None}, "messages": lines, "format": document["format"]}


async def test_export_and_import(database: Database, clock: ManualClock) -> None:
    kept = Sessions(database, clock)
    id_, _ = await talk(kept, clock, ("user", "Привіт"), ("ai", "Вітаю!"), ("system", "ok"), ("user", "👋"))
    await kept.deactivate(SHOP, id_)
    document = await kept.export(SHOP, id_)
    clock.advance(3600)
    made, created = await kept.import_(SHOP, document)
    assert created
    assert made.source_id == id_ != made.id
    assert same(await kept.export(SHOP, made.id)) == same(document)
    again, created = await kept.import_(SHOP, document | {"exported_at": "2030-01-01T00:00:00Z"})
    assert (again.id, created) == (made.id, False)
    other, created = await kept.import_(SHOP, document, copy=True)
    assert created
    assert other.id not in (id_, made.id)
    elses, created = await kept.import_(SHOP, document, "user456")
    assert (elses.user_id, created) == ("user456", True)
    await kept.add_message(SHOP, made.id, NewMessage("user", "It goes on"))
    assert [m.content for m in await kept.messages(SHOP, made.id)][-2:] == ["👋", "It goes on"]
    with pytest.raises(Invalid):
        await kept.import_(SHOP, {"format": "other"})
    with pytest.raises(Invalid):
        await kept.import_(SHOP, document | {"messages": [{"message_type": "user", "content": "x"}]})


async def test_cleanup_takes_idle_sessions_and_no_telegram_ones(
    database: Database, clock: ManualClock
) -> None:
    kept = Sessions(database, clock)
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, clock.now()), "hello", clock.now()))
    old, _ = await talk(kept, clock, ("user", "long ago"))
    clock.advance(timedelta(days=31).total_seconds())
    new, _ = await talk(kept, clock, ("user", "just now"))
    assert await kept.cleanup(ADMIN, 30) == 1
    with pytest.raises(NotFound):
        await kept.get(SHOP, old)
    assert (await kept.get(SHOP, new)).is_active
    status = await database.read(
        lambda s: s.query(Conversation.status).filter(Conversation.application.is_(None)).scalar()
    )
    assert status == "active"
    with pytest.raises(Invalid):
        await kept.cleanup(ADMIN, 0)


async def test_an_incognito_conversation_is_nobodys_to_read(database: Database, clock: ManualClock) -> None:
    def unit(session: Session) -> str:
        place = settle(session, ANN, PRIVATE, clock.now())
        place.conversation.incognito = True
        say(session, place, "off the record", clock.now())
        return place.conversation.id

    id_ = await database.write(unit)
    kept = Sessions(database, clock)
    assert await kept.of_user(ADMIN, "101") == []
    for call in (
        kept.get(ADMIN, id_), kept.messages(ADMIN, id_), kept.context(ADMIN, id_), kept.export(ADMIN, id_),
        kept.search(ADMIN, id_, "record"), kept.rename(ADMIN, id_, "x"), kept.delete(ADMIN, id_),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call


async def test_a_telegram_conversation_is_read_but_not_written(
    database: Database, clock: ManualClock
) -> None:
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, clock.now()), "hello", clock.now()))
    kept = Sessions(database, clock)
    [mine] = await kept.of_user(ADMIN, "101")
    assert [m.content for m in await kept.messages(ADMIN, mine.id)] == ["hello"]
    with pytest.raises(NotFound):
        await kept.add_message(ADMIN, mine.id, NewMessage("user", "forged"))
