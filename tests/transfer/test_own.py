"""Our own exports: read by people, read by another instance, and the same again from there."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.engine import Database
from bot.db.models import Conversation, Profile
from bot.services.erasure import Erasure
from bot.services.transfer.exporting import Exports
from bot.services.transfer.importing import Imports
from bot.services.transfer.writing import Format, write
from tests.erasure.town import KEPT, WORD, settle_town
from tests.support.clock import ManualClock
from tests.support.opened import opened
from tests.support.people import ANN, BOB, PRIVATE, say, settle


@pytest.fixture
async def source(sqlite_template: Path, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """An instance where Ann and Bob talked."""
    place = tmp_path / "source.db"
    shutil.copy(sqlite_template, place)
    async with opened(f"sqlite:///{place}") as database:
        await database.write(lambda s: settle_town(s, clock.now()))

        def secret(session: Session) -> None:
            talk = settle(session, ANN, PRIVATE, clock.now())
            talk.conversation.status = "archived"
            session.flush()
            hidden = settle(session, ANN, PRIVATE, clock.now())
            hidden.conversation.incognito = True
            say(session, hidden, "an incognito word", clock.now())

        await database.write(secret)
        yield database


async def whole(database: Database, clock: ManualClock, format_: Format = "jsonl") -> str:
    return "".join([piece async for piece in write(Exports(database, clock).of_instance(), format_)])


async def persons(database: Database, clock: ManualClock, format_: Format) -> str:
    records = await Exports(database, clock).of_person(ANN)
    return "".join([piece async for piece in write(records, format_)])


def without_ids(text: str) -> str:
    """An export whose numbers of messages and facts are counted anew, in the order of the file."""
    seen: dict[str, int] = {}

    def again(found: re.Match[str]) -> str:
        return f"{found[1]}<{seen.setdefault(found[2], len(seen))}>"

    return re.sub(r'("(?:id|reply_to|message|superseded_by)": )("?\d+"?)', again, text)


async def test_it_comes_back_the_same(source: Database, database: Database, clock: ManualClock) -> None:
    exported = await whole(source, clock)
    assert WORD in exported
    assert KEPT in exported
    assert "incognito word" not in exported
    assert 'digest": "eee' not in exported  # keys never go out
    imports = Imports(database, clock)
    done = await imports.read(io.BytesIO(exported.encode()))
    assert done.added == {
        "users": 2, "chats": 2, "conversations": 2, "messages": 7, "facts": 3, "states": 1, "bookings": 1,
        "documents": 1,
    }  # fmt: skip
    assert without_ids(await whole(database, clock)) == without_ids(exported)
    again = await imports.read(io.BytesIO((await whole(source, clock, "json")).encode()))
    assert not +again.added
    assert without_ids(await whole(database, clock)) == without_ids(exported)


async def test_a_persons_own(source: Database, clock: ManualClock, tmp_path: Path) -> None:
    """Ann's: what she said anywhere and the answers to it; nothing of Bob's."""
    found = json.loads(await persons(source, clock, "json"))
    assert [user["external_id"] for user in found["users"]] == [ANN.external_id]
    assert len(found["messages"]) == 4
    assert [len(found[kind]) for kind in ("facts", "states", "bookings", "documents")] == [1, 1, 1, 1]
    formats: tuple[Format, ...] = ("json", "md", "html")
    for format_ in formats:
        text = await persons(source, clock, format_)
        assert f"secret is {WORD}" in text
        assert KEPT not in text
        assert "incognito word" not in text


async def test_html_is_inert(source: Database, clock: ManualClock) -> None:
    def wild(session: Session) -> None:
        place = settle(session, BOB, PRIVATE, clock.now())
        say(session, place, "<script>alert(1)</script> & **bold**", clock.now())

    await source.write(wild)
    shown = "".join([p async for p in write(await Exports(source, clock).of_person(BOB), "html")])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    text = "".join([p async for p in write(await Exports(source, clock).of_person(BOB), "md")])
    assert "\\<script\\>alert(1)\\</script\\> \\& \\*\\*bold" in text


async def test_people_read_it_by_days_in_their_own_zone(source: Database, clock: ManualClock) -> None:
    evening = clock.now().replace(hour=21, minute=50)

    def talk(session: Session) -> None:
        place = settle(session, BOB, PRIVATE, evening)
        place.user.last_name = "</b><i>\u202e"
        session.add(Profile(user_id=place.user.id, timezone="Europe/Kyiv", updated_at=evening))
        asked = say(session, place, "1. Is it late?\n# yes", evening)
        later = evening + timedelta(minutes=20)
        answer = {"direction": "outgoing", "sender_id": None, "label": "Mnema", "reply_to": asked.id}
        say(session, place, "It is.", later, **answer)

    await source.write(talk)
    shown = "".join([p async for p in write(await Exports(source, clock).of_person(BOB), "html")])
    days = ["2026-03-14, Saturday", "2026-03-15, Sunday"]
    assert [f"<h3>{day}</h3>" in shown for day in days] == [True, True]
    assert "<h1>Mnema: Bob &lt;/b&gt;&lt;i&gt;</h1>" in shown
    assert "Europe/Kyiv" in shown
    assert '<span class="w">23:50</span>' in shown
    assert '<blockquote dir="auto">Bob &lt;/b&gt;&lt;i&gt;: 1. Is it late? # yes</blockquote>' in shown
    text = "".join([p async for p in write(await Exports(source, clock).of_person(BOB), "md")])
    assert "> 1\\. Is it late?  \n> \\# yes" in text
    assert "### 2026-03-15, Sunday\n\n**Mnema**, 00:10" in text.replace("\\-", "-")


async def test_the_erased_stay_erased(source: Database, clock: ManualClock, tmp_path: Path) -> None:
    exported = await whole(source, clock)
    clock.advance(60)
    await Erasure(source, clock, tmp_path, 14).erase(ANN)
    await Imports(source, clock).read(io.BytesIO(exported.encode()))
    text = await whole(source, clock)
    assert WORD not in text
    assert KEPT in text
    assert len(await source.read(lambda s: s.scalars(select(Conversation)).all())) == 1
