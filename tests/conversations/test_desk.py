"""Conversations for callers of the API: who reaches which, page by page, and what changes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.db.engine import Database
from bot.services.conversation_desk import ConversationCard, ConversationChange, ConversationDesk
from bot.services.conversations import Conversations
from bot.services.incognito import Incognito
from bot.services.reach import Caller
from bot.services.session_values import NewMessage
from bot.services.sessions import Sessions
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

ADMIN = Caller("key", "key:1", "ops", frozenset({"admin"}))
SHOP = Caller("key", "key:2", "shop", frozenset({"read", "write"}))
RIVAL = Caller("key", "key:3", "rival", frozenset({"read", "write"}))
ANNS = Caller("key", "key:4", "shop", frozenset({"read", "write"}), ANN.external_id)
NOBODYS = Caller("key", "key:5", "shop", frozenset({"read", "write"}), "999")


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> ConversationDesk:
    return ConversationDesk(database, clock, most=2)


@pytest.fixture
def kept(database: Database, clock: ManualClock) -> Sessions:
    return Sessions(database, clock)


def titles(cards: list[ConversationCard]) -> list[str | None]:
    return [card.title for card in cards]


def town(session: Session) -> None:
    """Ann in private, then everybody in a group."""
    say(session, settle(session, ANN, PRIVATE, START), "Tell me about volcanoes", START)
    later = START + timedelta(minutes=1)
    say(session, settle(session, BOB, GROUP, START), "What about the roof?", later)


async def test_who_reaches_which(
    database: Database, clock: ManualClock, desk: ConversationDesk, kept: Sessions
) -> None:
    await database.write(town)
    clock.advance(120)
    made = await kept.create(SHOP, "anna", "Boots", {"category": "work"})
    assert titles(await desk.list(ADMIN)) == ["Boots", "What about the roof?", "Tell me about volcanoes"]
    assert titles(await desk.list(ADMIN, "101")) == ["Tell me about volcanoes"]
    assert titles(await desk.list(SHOP)) == titles(await desk.list(SHOP, "anna")) == ["Boots"]
    assert titles(await desk.list(ANNS)) == titles(await desk.list(ANNS, "101"))
    assert titles(await desk.list(ANNS)) == ["Tell me about volcanoes"]
    assert await desk.list(RIVAL) == await desk.list(NOBODYS) == []
    for caller, user_id in ((SHOP, "101"), (RIVAL, "anna"), (ANNS, "anna"), (NOBODYS, "999")):
        with pytest.raises(NotFound):
            await desk.list(caller, user_id)
    private, group = (await desk.list(ADMIN, "101"))[0], (await desk.list(ADMIN))[1]
    assert (private.user_id, private.chat_id, private.message_count) == ("101", "101", 1)
    assert (group.user_id, group.chat_id, group.topic_id) == (None, GROUP.external_id, None)
    session = await desk.get(SHOP, made.id)
    assert (session.user_id, session.chat_id, session.metadata) == ("anna", made.id, {"category": "work"})
    for caller, card in ((SHOP, private), (ANNS, group), (RIVAL, session), (ANNS, session)):
        for call in (
            desk.get(caller, card.id), desk.change(caller, card.id, ConversationChange("Mine")),
            desk.delete(caller, card.id),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await call
    # What another application keeps for one's user is not one's own, in a list no more than by its id.
    foreign = await kept.create(ADMIN, "anna", "By the operator")
    assert titles(await desk.list(SHOP, "anna")) == ["Boots"]
    with pytest.raises(NotFound):
        await desk.get(SHOP, foreign.id)


async def test_pages_hold_each_once(
    database: Database, clock: ManualClock, desk: ConversationDesk, kept: Sessions
) -> None:
    for number in range(5):
        clock.advance(number % 2)  # some at the same moment
        await kept.create(SHOP, f"user-{number}", f"{number}")
    seen: list[str | None] = []
    before = None
    while page := await desk.list(SHOP, limit=2, before=before):
        before = page[-1].place
        seen += titles(page)
        if len(seen) == 2:
            # Somebody goes on meanwhile: what was not shown yet is not lost, what was is not shown again.
            clock.advance(60)
            await kept.create(SHOP, "user-9", "9")
    assert seen == ["4", "3", "2", "1", "0"]


async def test_renaming_archiving_and_reopening(
    database: Database, clock: ManualClock, desk: ConversationDesk, kept: Sessions
) -> None:
    await database.write(town)
    talks = Conversations(database, clock)
    await talks.clear(PRIVATE, ANN)
    present, old = await desk.list(ANNS)
    assert (old.status, present.status) == ("archived", "active")
    clock.advance(5)
    back = await desk.change(ANNS, old.id, ConversationChange("Etna", "active"))
    assert (back.title, back.status, back.updated_at) == ("Etna", "active", clock.now())
    page = await talks.page(PRIVATE, ANN, 0)
    assert [(one.id, one.active, one.cleared) for one in page.items][:1] == [(old.id, True, False)]
    assert (await desk.get(ANNS, present.id)).status == "archived"
    assert titles(await desk.list(ANNS, status="archived")) == [None]
    assert (await desk.change(ANNS, old.id, ConversationChange(""))).title == "Tell me about volcanoes"
    assert await desk.change(ANNS, old.id, ConversationChange()) == await desk.get(ANNS, old.id)
    assert (await desk.change(ADMIN, old.id, ConversationChange(status="archived"))).status == "archived"
    # The limit of active ones: the least recently used makes room.
    first, second = [await kept.create(SHOP, "anna", str(n)) for n in range(2)]
    clock.advance(5)
    await kept.add_message(SHOP, second.id, NewMessage("user", "hello"))
    third = await kept.create(SHOP, "anna", "third")
    await kept.deactivate(SHOP, third.id)
    await desk.change(SHOP, third.id, ConversationChange(status="active"))
    states = {card.id: card.status for card in await desk.list(SHOP)}
    assert states == {first.id: "archived", second.id: "active", third.id: "active"}
    # An admin reopens a group's, too.
    group = next(card for card in await desk.list(ADMIN) if card.chat_id == GROUP.external_id)
    await desk.change(ADMIN, group.id, ConversationChange(status="archived"))
    assert (await desk.change(ADMIN, group.id, ConversationChange(status="active"))).status == "active"


async def test_what_is_deleted_or_incognito_is_not_there(
    database: Database, clock: ManualClock, desk: ConversationDesk
) -> None:
    await database.write(town)
    [private] = await desk.list(ANNS)
    await Incognito(database, clock).toggle(PRIVATE, ANN, "press-1")
    await database.write(lambda s: say(s, settle(s, ANN, PRIVATE, clock.now()), "a secret", clock.now()))
    assert [card.id for card in await desk.list(ANNS)] == [private.id]
    # Reopening ends the incognito one, and nothing of it is told.
    back = await desk.change(ANNS, private.id, ConversationChange(status="active"))
    assert (back.status, back.metadata) == ("active", {})
    assert [(card.id, card.metadata) for card in await desk.list(ANNS)] == [(private.id, {})]
    await desk.delete(ANNS, private.id)
    assert await desk.list(ANNS) == []
    for call in (desk.get(ANNS, private.id), desk.delete(ANNS, private.id)):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(Invalid):
        await desk.get(ANNS, " ")


async def test_incognito_leaves_no_word_of_itself(
    database: Database, clock: ManualClock, desk: ConversationDesk
) -> None:
    await database.write(town)
    incognito = Incognito(database, clock)
    for key in ("press-1", "press-2"):
        await incognito.toggle(PRIVATE, ANN, key)
    assert [(card.status, card.metadata) for card in await desk.list(ANNS)] == [("active", {})]
