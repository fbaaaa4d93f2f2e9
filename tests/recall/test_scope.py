"""Who may find what: one's own talk, groups one is in now, nothing cleared, deleted, secret or expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.core.messages import ChatRef
from bot.core.scope import Scope
from bot.db.engine import Database
from bot.db.models import Conversation, Memory, Message
from bot.db.repositories import people, talk
from bot.memory import indexed
from tests.recall.telling import DAY, find, tell, texts
from tests.support.clock import START
from tests.support.people import ANN, BOB, GROUP, PRIVATE, settle

SECRET = "the treasure lies under the oak"
BOBS_ROOM = ChatRef("102", "private")


async def test_another_persons_private_talk_is_never_found(database: Database) -> None:
    bobs, _ = await tell(database, [SECRET], who=BOB, where=BOBS_ROOM)
    anns, _ = await tell(database, ["the treasure of my life is tea"])
    assert await texts(database, anns, "treasure") == ["the treasure of my life is tea"]
    assert await texts(database, bobs, "treasure oak") == [SECRET]
    # Not even when somebody names the other's chat, or nobody asks.
    assert await texts(database, anns, "treasure oak", chats=[bobs.chat_id]) == []
    assert await texts(database, Scope(None, None, True), "treasure") == []
    assert await texts(database, Scope(None, None, False), "treasure") == []


async def test_a_group_finds_only_its_own_and_private_finds_the_groups_one_is_in(database: Database) -> None:
    private, _ = await tell(database, [SECRET])
    group, _ = await tell(database, ["who has seen the treasure map?"], where=GROUP)
    bob, _ = await tell(database, ["not me"], who=BOB, where=BOBS_ROOM)
    assert await texts(database, group, "treasure") == ["who has seen the treasure map?"]
    assert set(await texts(database, private, "treasure")) == {SECRET, "who has seen the treasure map?"}
    assert await texts(database, bob, "treasure") == []

    def comes(session: Session) -> None:
        place = settle(session, BOB, GROUP, START)
        people.seen_in(session, place.chat, place.user, START)

    def goes(session: Session) -> None:
        place = settle(session, BOB, GROUP, START)
        people.left(session, place.chat, place.user, START)

    await database.write(comes)
    assert await texts(database, bob, "treasure") == ["who has seen the treasure map?"]
    await database.write(goes)
    assert await texts(database, bob, "treasure") == []


@pytest.mark.parametrize(
    "change",
    [{"incognito": True}, {"status": "deleted"}, {"deleted_at": START}, {"cleared_at": START}],
    ids=lambda change: next(iter(change)),
)
async def test_a_conversation_that_is_closed_to_recall_lends_nothing(
    database: Database, change: dict[str, Any]
) -> None:
    scope, _ = await tell(database, [SECRET])
    assert await texts(database, scope, "treasure") == [SECRET]
    await database.write(lambda s: s.execute(update(Conversation).values(**change)))
    assert await texts(database, scope, "treasure") == []
    found = await texts(database, scope, "treasure", cleared=True)
    assert found == ([SECRET] if "cleared_at" in change else [])


async def test_what_expired_or_stands_in_the_prompt_is_left_out(database: Database) -> None:
    scope, ids = await tell(database, [SECRET, "a treasure chest", "treasure island", "pirates"])
    await database.write(
        lambda s: s.execute(
            update(Message).where(Message.id == ids[0]).values(expires_at=START + timedelta(hours=1))
        )
    )
    assert set(await texts(database, scope, "treasure")) == {"a treasure chest", "treasure island", "pirates"}
    assert "a treasure chest" not in await texts(database, scope, "treasure", without={ids[1]})
    # `before`: the window's first message and everything after it.
    assert await texts(database, scope, "treasure", before=ids[2]) == ["a treasure chest"]


async def test_facts_follow_their_own_rules(database: Database) -> None:
    private, _ = await tell(database, ["hello"])
    group, _ = await tell(database, ["hello"], where=GROUP)
    bob, _ = await tell(database, ["hi"], who=BOB, where=BOBS_ROOM)

    def unit(session: Session) -> None:
        for text, more in (
            ("allergic to peanuts", {"sensitive": True}),
            ("likes peanut butter jars", {}),
            ("sold the peanut farm", {"invalid_at": START}),
        ):
            row = Memory(
                user_id=private.user_id, kind="diet", text=text, text_key=text, origin="explicit",
                valid_at=START, created_at=START, tags=["food"], **more,
            )  # fmt: skip
            session.add(row)
            session.flush()
            indexed.put(session, row)

    await database.write(unit)
    kinds = {"kinds": ("fact",)}
    assert set(await texts(database, private, "peanuts", **kinds)) == {
        "allergic to peanuts", "likes peanut butter jars",
    }  # fmt: skip
    assert await texts(database, group, "peanuts", **kinds) == ["likes peanut butter jars"]
    assert await texts(database, bob, "peanuts", **kinds) == []
    hit = (await find(database, group, "peanuts", **kinds))[0]
    assert (hit.key[0], hit.source, hit.tags) == ("f", "user", ("food",))


async def test_what_was_archived_by_new_is_still_found(database: Database) -> None:
    scope, _ = await tell(database, [SECRET])

    def renew(session: Session) -> None:
        place = settle(session, ANN, PRIVATE, START)
        talk.archive(session, place.conversation, START, cleared=False)

    await database.write(renew)
    await tell(database, ["something else"], at=START + DAY)
    assert await texts(database, scope, "treasure") == [SECRET]
