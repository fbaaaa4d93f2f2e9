"""Who is noted for reading what only an admin's right reaches, and what an erasure takes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.core.messages import ChatRef, Person
from bot.db.engine import Database
from bot.db.models import AuditRow
from bot.services.audit import Audit
from bot.services.conversation_desk import ConversationDesk
from bot.services.dialogue.service import Dialogue
from bot.services.erasure import Erasure
from bot.services.reach import Caller
from bot.services.session_values import NewMessage
from bot.services.sessions import Sessions
from bot.services.transfer.exporting import Exports
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, BOB, GROUP, PRIVATE, say, settle

ADMIN = Caller("key", "key:1", "shop", frozenset({"admin"}))
BOUND = Caller("jwt", "jwt:9", "default", frozenset({"read", "admin"}), ANN.external_id)
SHOP = Caller("key", "key:2", "shop", frozenset({"read", "write"}))
RIVAL = Caller("key", "key:3", "rival", frozenset({"read", "write"}))
LOCAL = Caller("local", "local", "default", frozenset({"admin"}))


async def rows(database: Database) -> Sequence[AuditRow]:
    return await database.read(lambda s: s.scalars(select(AuditRow).order_by(AuditRow.id)).all())


async def test_only_what_the_own_key_would_not_reach(database: Database, clock: ManualClock) -> None:
    kept, desk = Sessions(database, clock), ConversationDesk(database, clock)
    exports, dialogue = Exports(database, clock), Dialogue(database, clock)
    group = await database.write(_said_in_group)
    private = await database.write(lambda s: settle(s, ANN, PRIVATE, START).conversation.id)
    own, foreign = [await kept.create(caller, "anna") for caller in (SHOP, RIVAL)]
    await kept.add_message(RIVAL, foreign.id, NewMessage("user", "hello"))
    # One's own application's users, somebody bound to the person, no admin at all, this machine itself.
    await kept.messages(ADMIN, own.id)
    await kept.of_user(ADMIN, "anna")
    await desk.get(BOUND, private)
    await desk.list(BOUND, ANN.external_id)
    await kept.messages(RIVAL, foreign.id)
    for call in (desk.list(LOCAL), desk.get(LOCAL, private), kept.messages(LOCAL, foreign.id)):
        await call
    with pytest.raises(NotFound):
        await kept.messages(ADMIN, "nothing")
    with pytest.raises(NotFound):
        await exports.of_user(ADMIN, "999")
    assert await dialogue.active(ADMIN, "999") == []
    assert await rows(database) == []

    await kept.messages(ADMIN, foreign.id)
    await kept.search(ADMIN, foreign.id, "hello")
    await desk.list(ADMIN)
    await desk.get(ADMIN, group)
    await desk.list(ADMIN, ANN.external_id)
    await dialogue.active(ADMIN, ANN.external_id)
    await exports.of_user(BOUND, BOB.external_id)
    ann, rival = "user:tg:101", (await rows(database))[0].target
    assert rival.startswith("user:api:")
    assert rival.endswith(":anna")
    read, where = "conversations.read", {"conversation_id": foreign.id}
    noted: list[tuple[str, str, str, dict[str, Any]]] = [
        ("api:key:1", "messages.read", rival, where),
        ("api:key:1", "messages.read", rival, where),
        ("api:key:1", read, "everybody", {}),
        ("api:key:1", read, "chat:tg:-1001", {"conversation_id": group}),
        ("api:key:1", read, ann, {}),
        ("api:key:1", "states.read", ann, {}),
        ("api:jwt:9", "export", "user:tg:102", {}),
    ]
    assert [(row.actor, row.action, row.target, row.details) for row in await rows(database)] == noted
    assert {row.created_at for row in await rows(database)} == {clock.now()}


def _said_in_group(session: Session) -> str:
    place = settle(session, BOB, GROUP, START)
    say(session, place, "The roof", START)
    return place.conversation.id


async def test_an_erasure_takes_its_own_and_covers_nobody(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    audit, one = Audit(database, clock), Person("1", "One")
    await database.write(lambda s: settle(s, one, ChatRef("1", "private"), START))
    await database.write(lambda s: settle(s, ANN, PRIVATE, START))
    name = "я" * 255
    await Sessions(database, clock).create(RIVAL, name)
    for user_id in ("1", ANN.external_id, name):
        await audit.user(ADMIN, "memories.read", user_id)
    assert len(await rows(database)) == 3
    erasure = Erasure(database, clock, tmp_path, 30)
    await erasure.erase(one)
    assert [row.target[:8] for row in await rows(database)] == ["user:tg:", "user:sha"]
    await erasure.erase_named(RIVAL, name)
    assert [row.target for row in await rows(database)] == ["user:tg:101"]
