"""What a profile takes, and what it refuses with which reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.core.errors import Invalid
from bot.core.messages import ChatRef
from bot.core.views import Persona
from bot.db.engine import Database
from bot.db.repositories.turn_view import ViewLimits, load_for_chat
from bot.services.awaiting import WAIT_MINUTES, Awaiting
from bot.services.chat_settings import ChatSettings
from bot.services.preferences import checked
from bot.services.profiles import Profiles, ProfileValues
from bot.services.zones import find_zone, near_zones
from tests.context.making import Quarters
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, GROUP, PRIVATE, settle

TAKEN = [
    ("communication_style", "Friendly", "friendly"), ("communication_style", "neutral", None),
    ("communication_style", " dry\nand short ", "dry and short"), ("response_length", "SHORT", "short"),
    ("response_length", "medium", None), ("language", "UK_ua", "uk-UA"), ("language", "German", "de"),
    ("language", "німецька", "de"), ("language", "русский", "ru"), ("language", "", None),
    ("pronouns", "she/her", "she/her"), ("pronouns", None, None), ("timezone", "Київ", "Europe/Kyiv"),
    ("timezone", "new york", "America/New_York"), ("relevance_threshold", 1, 1.0), ("notices", False, False),
]  # fmt: skip

REFUSED = [
    ("communication_style", "x" * 201, "length"), ("response_length", "huge", "choices"),
    ("language", "klingonish", "unknown"), ("language", 7, "type"), ("pronouns", "x" * 41, "length"),
    ("timezone", "Atlantis", "unknown"), ("timezone", "GMT+2", "unknown"), ("notices", "no", "type"),
    ("relevance_threshold", 1.1, "range"), ("relevance_threshold", True, "type"), ("colour", "red", "field"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "stored"), TAKEN)
def test_what_is_taken(field: str, value: Any, stored: Any) -> None:
    assert checked({field: value}) == {field: stored}


@pytest.mark.parametrize(("field", "value", "reason"), REFUSED)
def test_what_is_refused(field: str, value: Any, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked({field: value})
    assert (refused.value.params["field"], refused.value.params["reason"]) == (field, reason)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("europe/kyiv", "Europe/Kyiv"), ("Europe/Kiev", "Europe/Kyiv"), ("Киев", "Europe/Kyiv"), ("utc", "UTC"),
     ("Бангкок", "Asia/Bangkok"), ("Нью-Йорк", "America/New_York"), ("los_angeles", "America/Los_Angeles"),
     ("Etc/GMT-2", "Etc/GMT-2"), ("gmt-2", None), ("nowhere", None)],
)  # fmt: skip
def test_zones_by_id_and_by_city(text: str, zone: str | None) -> None:
    assert find_zone(text) == zone


def test_near_zones() -> None:
    assert near_zones("Europ/Kyiv")[0] == "Europe/Kyiv"
    assert near_zones("Kiyv") == ("Europe/Kyiv",)
    assert near_zones("qqqq") == ()


async def test_profiles_keep_what_two_change_at_a_time(database: Database, clock: ManualClock) -> None:
    profiles = Profiles(database, clock)
    assert await profiles.get(ANN) == ProfileValues()
    with pytest.raises(Invalid):
        await profiles.update(ANN, timezone="Atlantis", language="uk")
    assert await profiles.get(ANN) == ProfileValues()
    awaiting = Awaiting(database, clock)
    await asyncio.gather(
        profiles.update(ANN, language="uk"),
        profiles.update(ANN, pronouns="she/her"),
        profiles.update(ANN, notices=False),
        awaiting.ask(ANN, PRIVATE, "timezone"),
    )
    assert await profiles.get(ANN) == ProfileValues(language="uk", pronouns="she/her", notices=False)
    assert await awaiting.asked(ANN, PRIVATE, "k") == "timezone"
    back = await profiles.update(ANN, language=None, notices=None)
    assert back == ProfileValues(pronouns="she/her")


async def test_a_question_waits_for_one_message(database: Database, clock: ManualClock) -> None:
    awaiting = Awaiting(database, clock)
    assert await awaiting.asked(ANN, PRIVATE, "u:1") is None
    await awaiting.ask(ANN, PRIVATE, "pronouns")
    assert await awaiting.asked(ANN, GROUP, "u:1") is None
    assert await awaiting.asked(ANN, PRIVATE, "u:1") == "pronouns"
    await awaiting.answered(ANN, "u:1")
    # The same update handled again after a crash is still the answer; the next one is talk.
    assert await awaiting.asked(ANN, PRIVATE, "u:1") == "pronouns"
    assert await awaiting.asked(ANN, PRIVATE, "u:2") is None
    await awaiting.ask(ANN, PRIVATE, "timezone")
    clock.advance(WAIT_MINUTES * 60)
    assert await awaiting.asked(ANN, PRIVATE, "u:3") == "timezone"
    clock.advance(1)
    assert await awaiting.asked(ANN, PRIVATE, "u:3") is None
    await awaiting.forget(ANN)
    assert await awaiting.asked(ANN, PRIVATE, "u:1") is None


PROMPTS = {
    "default.md": "d" * 400, "casual.md": "c" * 400, "pirate.md": "# Captain *Hook*\n\nArr.",
    "huge.md": "h" * 2004,
}  # fmt: skip


async def test_personas_of_a_chat(database: Database, clock: ManualClock) -> None:
    chats = ChatSettings(database, clock, Quarters(), PROMPTS, "default.md", 2000)
    assert [(file.name, file.title, file.default) for file in chats.personas()] == [
        ("default.md", "Default", True),
        ("casual.md", "Casual", False),
        ("huge.md", "Huge", False),
        ("pirate.md", "Captain *Hook*", False),
    ]
    topic = ChatRef(GROUP.external_id, "supergroup", GROUP.title, topic_id=4, topic_title="Tents")
    await database.write(lambda s: settle(s, ANN, topic, START).chat.id)
    assert await chats.persona(GROUP) is None

    async def refused(change: Any) -> str:
        with pytest.raises(Invalid) as error:
            await change
        return str(error.value.params["reason"])

    assert await refused(chats.choose_file(GROUP, "huge.md")) == "share"
    assert await refused(chats.choose_file(GROUP, "../x.md")) == "unknown"
    assert await refused(chats.write_words(GROUP, " \u200b ")) == "empty"
    assert await refused(chats.write_words(GROUP, "x" * 2001)) == "length"
    assert await refused(chats.write_words(GROUP, "x" * 1700)) == "share"

    async def seen() -> tuple[str | None, str | None, str | None]:
        limits = ViewLimits(START + timedelta(hours=1))
        view = await database.read(lambda s: load_for_chat(s, topic, ANN, limits))
        persona = view.persona or Persona()
        return persona.file, persona.words, view.chat.topic_title

    await chats.choose_file(GROUP, "pirate.md")
    assert await seen() == ("pirate.md", None, "Tents")
    await chats.write_words(GROUP, "Speak like\na lighthouse keeper.\x00")
    assert await seen() == (None, "Speak like\na lighthouse keeper.", "Tents")
    await chats.choose_file(GROUP, "default.md")
    assert await seen() == (None, None, "Tents")
    assert await chats.persona(GROUP) is None
