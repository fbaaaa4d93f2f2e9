"""The page API around groups and the network: topics, roles, privacy, webhooks, faults; drafts in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.emulator import ActionRefused
from bot.playground.seed import DEFAULT_TOKEN, seed_default
from tests.support.clock import ManualClock
from tests.support.emulator import RunningEmulator, running_emulator

OKSANA, ANN, BORYS, CHEN = range(500_000_001, 500_000_005)
CAMPING = -1_001_000_000_001


@pytest.fixture
async def seeded() -> AsyncIterator[RunningEmulator]:
    async with running_emulator(token=DEFAULT_TOKEN) as running:
        await seed_default(running.emu)
        yield running


async def ask(running: RunningEmulator, method: str, path: str, expected: int, /, **body: Any) -> Any:
    """One request of the page; its answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{running.page_url}{path}", json=body or None) as response,
    ):
        assert response.status == expected, await response.text()
        return None if expected == 204 else await response.json()


async def refused(running: RunningEmulator, path: str, /, **body: Any) -> str:
    """The code of a refusal."""
    problem = await ask(running, "POST", path, 409, **body)
    return str(problem["type"]).removeprefix("urn:mnema:play.")


async def test_topics(seeded: RunningEmulator) -> None:
    made = {"title": "Hut", "members": [ANN, BORYS], "is_forum": True}
    group = (await ask(seeded, "POST", "/chats", 201, **made))["id"]
    opened = {"from": BORYS, "name": "Food"}
    thread = (await ask(seeded, "POST", f"/chats/{group}/topics", 201, **opened))["thread_id"]
    said = {"from": ANN, "text": "bread", "thread_id": thread}
    message = (await ask(seeded, "POST", f"/chats/{group}/messages", 201, **said))["messages"][0]
    assert (message["message_thread_id"], message["is_topic_message"]) == (thread, True)
    place = {"latitude": 1.5, "longitude": 2.5}
    there = {"from": ANN, "thread_id": thread, "location": place}
    await ask(seeded, "POST", f"/chats/{group}/content", 201, **there)
    close = f"/chats/{group}/topics/{thread}/closed"
    await ask(seeded, "POST", close, 204, **{"from": BORYS, "closed": True})
    state = await ask(seeded, "GET", "/state", 200)
    topics = next(chat["topics"] for chat in state["chats"] if chat["id"] == group)
    assert topics == [{"id": thread, "name": "Food", "closed": True, "by": BORYS}]
    assert await refused(seeded, f"/chats/{group}/messages", **(said | {"from": BORYS})) == "topic_closed"
    await ask(seeded, "POST", f"/chats/{group}/messages", 201, **said)
    await ask(seeded, "POST", close, 204, **{"from": ANN, "closed": False})
    await ask(seeded, "POST", f"/chats/{group}/messages", 201, **(said | {"from": BORYS}))
    assert await refused(seeded, f"/chats/{CAMPING}/topics", **opened) == "no_forum"
    bot = seeded.bot()
    try:
        seen = [update.message for update in await bot.get_updates() if update.message]
    finally:
        await bot.session.close()
    own = [message for message in seen if message.chat.id == group]
    assert [message.text for message in own if message.text] == ["bread", "bread", "bread"]
    assert any(message.location and message.message_thread_id == thread for message in own)
    assert any(message.forum_topic_reopened for message in own)


async def test_who_may_change_whom(seeded: RunningEmulator) -> None:
    members = f"/chats/{CAMPING}/members"
    promote = {"person": CHEN, "status": "administrator"}
    assert await refused(seeded, members, **promote, by=BORYS) == "creator_only"
    assert await refused(seeded, members, **promote, by=CHEN) == "own_role"
    assert await refused(seeded, members, person=ANN, by=CHEN, status="kicked") == "creator_stays"
    assert await refused(seeded, members, person=BORYS, by=CHEN, status="restricted") == "admins_only"
    hidden = {"from": CHEN, "text": "we", "anonymous": True}
    assert await refused(seeded, f"/chats/{CAMPING}/messages", **hidden) == "not_anonymous"
    await ask(seeded, "POST", members, 201, **promote, by=ANN)
    said = await ask(seeded, "POST", f"/chats/{CAMPING}/messages", 201, **hidden)
    assert said["messages"][0]["sender_chat"]["title"] == "Camping"
    await ask(seeded, "DELETE", f"{members}/{BORYS}?by={CHEN}", 200)
    left = await ask(seeded, "DELETE", f"{members}/{CHEN}?by={CHEN}", 200)
    assert [member["id"] for member in left["members"]] == [ANN, OKSANA, seeded.emu.main_bot.id]
    assert await refused(seeded, f"/chats/{CAMPING}/messages", **hidden) == "no_member"
    assert await refused(seeded, f"/chats/{CAMPING}/upgrade", **{"from": ANN}) == "no_basic_group"


async def test_a_refusal_names_who_it_is_about(seeded: RunningEmulator) -> None:
    group = await seeded.group("Two", [await seeded.person("Dan", id=7), await seeded.person("Eva", id=8)])
    problem = await ask(seeded, "POST", f"/chats/{group.id}/messages", 409, **{"from": ANN, "text": "may I?"})
    assert problem["params"] == {"name": "Ann"}
    assert problem["detail"] == "Ann is not a member of this chat"


async def test_privacy_changes_at_once_and_outlives_a_restart(seeded: RunningEmulator) -> None:
    bot = seeded.bot()
    try:
        assert (await bot.get_me()).can_read_all_group_messages is True
        await ask(seeded, "PUT", f"/bots/{bot.id}/privacy", 204, enabled=True)
        await seed_default(seeded.emu)
        assert (await bot.get_me()).can_read_all_group_messages is False
        await ask(seeded, "POST", f"/chats/{CAMPING}/messages", 201, **{"from": ANN, "text": "secret"})
        await ask(seeded, "PUT", f"/bots/{bot.id}/privacy", 204, enabled=False)
        await ask(seeded, "POST", f"/chats/{CAMPING}/messages", 201, **{"from": ANN, "text": "open"})
        texts = [update.message.text for update in await bot.get_updates() if update.message]
    finally:
        await bot.session.close()
    assert [text for text in texts if text] == ["open"]


async def test_the_network_shows_polls_and_webhooks(seeded: RunningEmulator) -> None:
    bot = seeded.bot()
    try:
        [fresh] = (await ask(seeded, "GET", "/network", 200))["bots"]
        assert (fresh["polling"], fresh["last_poll"], fresh["webhook"]["url"]) == (False, None, "")
        await bot.get_updates()
        [polled] = (await ask(seeded, "GET", "/network", 200))["bots"]
        assert polled["last_poll"] is not None
        await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="s3cret", max_connections=3)
        await ask(seeded, "POST", f"/chats/{ANN}/messages", 201, **{"from": ANN, "text": "hi"})
        async with asyncio.timeout(5):
            while "last_error_message" not in (seeded.emu.main_bot.webhook or {}):
                await seeded.emu.events.changed.wait(0.05)
        [told] = (await ask(seeded, "GET", "/network", 200))["bots"]
        assert told["webhook"]["url"] == "http://127.0.0.1:9/hook"
        assert told["webhook"]["max_connections"] == 3
        assert told["webhook"]["pending_update_count"] >= 1
        assert "Connection failed" in told["webhook"]["last_error_message"]
        assert "s3cret" not in str(told)
    finally:
        await bot.session.close()


@pytest.mark.parametrize(
    ("what", "status"),
    [("429", 429), ("403", 403), ("502", 502), ("garbage", 200), ("reset_before", 0), ("reset_after", 0)],
)
async def test_usual_faults(seeded: RunningEmulator, what: str, status: int) -> None:
    await ask(seeded, "POST", "/faults/usual", 201, what=what, method="getMe", seconds=3)
    async with aiohttp.ClientSession() as session:
        if status == 0:
            with pytest.raises(aiohttp.ClientError):
                # A GET would be repeated by the client itself.
                await session.post(seeded.method_url("getMe"))
        else:
            async with session.get(seeded.method_url("getMe")) as response:
                assert response.status == status
        async with session.get(seeded.method_url("getMe")) as response:
            assert response.status == 200
    [rule] = (await ask(seeded, "GET", "/network", 200))["faults"]
    assert (rule["name"], rule["used"], rule["spent"]) == (what, 1, True)
    await ask(seeded, "DELETE", f"/faults/{rule['number']}", 204)
    assert (await ask(seeded, "GET", "/network", 200))["faults"] == []
    await ask(seeded, "POST", "/faults/usual", 422, what=what, method="sendNothing")


async def test_a_draft_fades_after_thirty_seconds() -> None:
    clock = ManualClock()
    async with running_emulator(clock=clock) as running:
        bot = running.bot()
        try:
            ann = await running.person("Ann")
            chat = await running.private(ann)
            await ann.say(chat, "hello")
            await bot.send_message_draft(chat.id, 4, text="Once", can_stop=True, keep_on_stop=True)
            clock.advance(29)
            shown = await ask(running, "GET", f"/chats/{chat.id}/messages", 200)
            assert [draft["text"] for draft in shown["drafts"]] == ["Once"]
            assert await ann.stop(chat) == 4
            kept = await ask(running, "GET", f"/chats/{chat.id}/messages", 200)
            assert [draft["stopped"] for draft in kept["drafts"]] == [True]
            with pytest.raises(ActionRefused, match="no draft"):
                await ann.stop(chat)
            clock.advance(2)
            gone = await ask(running, "GET", f"/chats/{chat.id}/messages", 200)
            assert gone["drafts"] == []
            stopped = (await bot.get_updates())[-1].stopped_message_generation
            assert stopped is not None
            assert (stopped.chat.id, stopped.draft_id) == (chat.id, 4)
        finally:
            await bot.session.close()
