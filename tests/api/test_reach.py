"""Whose users and conversations a caller reaches."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.errors import Invalid, NotFound
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import Conversation, User
from bot.services.api_talk import ApiTalk
from bot.services.reach import Caller, check_user_id, conversation_of, user_of
from tests.support.clock import ManualClock
from tests.support.people import ANN, PRIVATE, settle

RIGHTS = frozenset({"read", "write"})
SHOP = Caller("key", "key:1", "shop", RIGHTS)
BANK = Caller("key", "key:2", "bank", RIGHTS)
PLAIN = Caller("key", "key:3", "default", RIGHTS)
ADMIN = Caller("key", "key:4", "office", frozenset({"admin"}))
ANNS = Caller("key", "key:5", "shop", RIGHTS, ANN.external_id)
GUEST = Caller("jwt", "jwt:1", "default", RIGHTS, "u-1")


async def test_users_of_one_word_are_others_in_each_application(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()

    def make(session: Session) -> list[int]:
        return [
            user_of(session, who, "u-1", create=True, now=now).id for who in (SHOP, BANK, PLAIN, SHOP, GUEST)
        ]

    shop, bank, plain, again, guest = await database.write(make)
    assert len({shop, bank, plain}) == 3
    assert (again, guest) == (shop, plain)
    with pytest.raises(Invalid):
        await database.read(lambda s: user_of(s, ADMIN, "u-1"))
    only = await database.write(lambda s: user_of(s, BANK, "u-2", create=True, now=now).id)
    assert await database.read(lambda s: user_of(s, ADMIN, "u-2").id) == only
    for who in (SHOP, PLAIN, GUEST, ANNS):
        with pytest.raises(NotFound):
            await database.read(partial(user_of, caller=who, user_id="u-2"))
    # A bound caller makes nobody but their own person.
    with pytest.raises(NotFound):
        await database.write(lambda s: user_of(s, GUEST, "u-3", create=True, now=now))


async def test_a_telegram_person_is_reached_by_admins_and_their_own_key(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    ann = await database.write(lambda s: settle(s, ANN, PRIVATE, now).user.id)
    for who in (ADMIN, ANNS):
        found = await database.write(partial(user_of, caller=who, user_id="101", create=True, now=now))
        assert found.id == ann
    for who in (SHOP, PLAIN, GUEST):
        with pytest.raises(NotFound):
            await database.write(partial(user_of, caller=who, user_id="101", create=True, now=now))
    # Her name as Telegram told it stays.
    assert await database.read(lambda s: s.get_one(User, ann).username) == "ann"


def test_what_is_no_id() -> None:
    for odd in ("", "  ", "x" * 256, "a\x00b", "\ud800", "9" * 21):
        with pytest.raises(Invalid):
            check_user_id(odd)


async def test_conversations(database: Database, clock: ManualClock) -> None:
    now, talk = clock.now(), ApiTalk(database, clock)
    shop = await talk.open(SHOP, "u-1", "desk", str(uuid.uuid4()))
    assert await talk.open(SHOP, "u-1", "desk", str(uuid.uuid4())) == shop
    assert await talk.open(SHOP, None, "desk", str(uuid.uuid4())) == shop
    bank = await talk.open(BANK, "u-1", "desk", str(uuid.uuid4()))
    guest = await talk.open(GUEST, None, "desk", str(uuid.uuid4()))
    assert len({shop.conversation_id, bank.conversation_id, guest.conversation_id}) == 3
    private = await database.write(lambda s: settle(s, ANN, PRIVATE, now).conversation.id)
    group = ChatRef("-1", "group", "Neighbours")
    shared = await database.write(lambda s: settle(s, Person("7"), group, now).conversation.id)

    reached = {
        SHOP: {shop.conversation_id}, BANK: {bank.conversation_id}, PLAIN: {guest.conversation_id},
        GUEST: {guest.conversation_id}, ANNS: {private},
    }  # fmt: skip
    everything = {shop.conversation_id, bank.conversation_id, guest.conversation_id, private, shared}
    for who, mine in (reached | {ADMIN: everything}).items():
        for one in everything:
            look = partial(conversation_of, caller=who, conversation_id=one)
            if one in mine:
                assert (await database.read(look)).id == one
            else:
                with pytest.raises(NotFound):
                    await database.read(look)
    # Nobody talks over HTTP in a Telegram chat, or in somebody else's session.
    for who, user, one in ((ANNS, None, private), (SHOP, "u-2", "desk"), (ADMIN, None, shared)):
        with pytest.raises(NotFound):
            await talk.open(who, user, one, str(uuid.uuid4()))


async def test_archived_sessions_open_again_and_deleted_ones_do_not(
    sqlite_database: Database, clock: ManualClock
) -> None:
    talk = ApiTalk(sqlite_database, clock)
    place = await talk.open(SHOP, "u-1", None, str(uuid.uuid4()))

    def put(session: Session, status: str) -> None:
        session.scalars(select(Conversation)).one().status = status

    await sqlite_database.write(lambda s: put(s, "archived"))
    assert await talk.open(SHOP, None, place.conversation_id, "x") == place
    await sqlite_database.write(lambda s: put(s, "deleted"))
    with pytest.raises(NotFound):
        await talk.open(SHOP, None, place.conversation_id, "x")


async def test_the_first_questions_of_one_name_share_a_session(
    database: Database, clock: ManualClock
) -> None:
    talk = ApiTalk(database, clock)
    # The user is there already: making them would put the units in order.
    other = await talk.open(SHOP, "u-1", "other", str(uuid.uuid4()))
    opened = await asyncio.gather(*(talk.open(SHOP, "u-1", "desk", str(uuid.uuid4())) for _ in range(8)))
    assert len({place.conversation_id for place in opened} - {other.conversation_id}) == 1
    assert await database.read(lambda s: s.scalar(select(func.count()).select_from(Conversation))) == 2
