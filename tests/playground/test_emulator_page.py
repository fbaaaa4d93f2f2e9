"""The page API, as a messenger page uses it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from PIL import Image

from bot.playground.seed import DEFAULT_TOKEN, seed_default
from tests.support.emulator import RunningEmulator, running_emulator


@pytest.fixture
async def seeded() -> AsyncIterator[RunningEmulator]:
    async with running_emulator(token=DEFAULT_TOKEN) as running:
        await seed_default(running.emu)
        await seed_default(running.emu)
        yield running


@pytest.fixture
async def page(seeded: RunningEmulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def get(page: aiohttp.ClientSession, address: str, **params: Any) -> Any:
    async with page.get(address, params=params) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def post(page: aiohttp.ClientSession, address: str, expected: int = 201, /, **body: Any) -> Any:
    async with page.post(address, json=body) as response:
        assert response.status == expected, await response.text()
        return await response.json() if expected != 204 else None


async def test_the_seeded_state(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    state = await get(page, f"{seeded.page_url}/state")
    assert [person["first_name"] for person in state["people"]] == ["Oksana", "Ann", "Borys", "Chen"]
    assert [person["owner"] for person in state["people"]] == [True, False, False, False]
    assert [bot["username"] for bot in state["bots"]] == ["mnema_bot"]
    group = state["chats"][-1]
    assert group["title"] == "Camping"
    assert sorted(member["first_name"] for member in group["members"]) == [
        "Ann",
        "Borys",
        "Chen",
        "Mnema",
        "Oksana",
    ]
    assert len(state["chats"]) == 5


async def test_writing_and_reading(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    ann = seeded.emu.world.people[500_000_002]
    messages = f"{seeded.page_url}/chats/{ann.id}/messages"
    said = (await post(page, messages, 201, **{"from": ann.id, "text": "Hello *there*"}))["messages"][0]
    bot = seeded.bot()
    try:
        sent = await bot.send_message(ann.id, "Hi")
        await bot.edit_message_text("Hi Ann", chat_id=ann.id, message_id=sent.message_id)
    finally:
        await bot.session.close()
    body = await get(page, messages, after=said["message_id"])
    assert [(m["text"], m["out"], m["edited"]) for m in body["messages"]] == [("Hi Ann", True, True)]
    edit = await post(
        page, f"{messages}/{said['message_id']}/edit", 200, **{"from": ann.id, "text": "Hello!"}
    )
    assert edit["text"] == "Hello!"
    ledger = await get(page, f"{seeded.page_url}/ledger", chat_id=ann.id)
    assert (ledger[0]["sent"], ledger[0]["edits"]) == ([sent.message_id], 1)


async def test_refusals_are_problems(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    group = seeded.emu.world.chats[-1_001_000_000_001]
    address = f"{seeded.page_url}/chats/{group.id}/messages"
    async with page.post(address, json={"from": 500_000_001, "text": "  "}) as response:
        assert response.status == 409
        assert response.content_type == "application/problem+json"
        assert (await response.json())["detail"] == "there is nothing to send"
    async with page.post(address, json={"from": 500_000_001}) as response:
        assert response.status == 422
    async with page.get(f"{seeded.page_url}/chats/1/messages") as response:
        assert response.status == 404


async def test_pressing_waits_for_the_answer(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    ann = 500_000_002
    await post(page, f"{seeded.page_url}/chats/{ann}/messages", 201, **{"from": ann, "text": "/settings"})
    bot = seeded.bot()
    markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="On", callback_data="s:1")]])

    async def answer() -> None:
        offset = (await bot.get_updates())[-1].update_id + 1
        updates = await bot.get_updates(offset=offset, timeout=5)
        query = updates[0].callback_query
        assert query is not None
        await bot.answer_callback_query(query.id, text="Done")

    try:
        sent = await bot.send_message(ann, "Settings", reply_markup=markup)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(answer())
            await asyncio.sleep(0.05)
            pressed = await post(
                page,
                f"{seeded.page_url}/messages/{ann}/{sent.message_id}/press",
                200,
                **{"from": ann, "data": "s:1"},
            )
        assert pressed["answer"] == {"text": "Done", "show_alert": False, "url": ""}
    finally:
        await bot.session.close()


async def test_photos_groups_and_members(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    dan = await post(page, f"{seeded.page_url}/people", first_name="Dan", language_code="en")
    group = await post(page, f"{seeded.page_url}/chats", title="Books", members=[500_000_002, 500_000_003])
    assert [member["status"] for member in group["members"]] == ["creator", "member", "member"]
    await post(page, f"{seeded.page_url}/chats/{group['id']}/members", person=dan["id"], by=500_000_002)
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "blue").save(out, "PNG")
    form = aiohttp.FormData()
    form.add_field("from", str(dan["id"]))
    form.add_field("caption", "blue")
    form.add_field("photo", out.getvalue(), filename="blue.png", content_type="image/png")
    async with page.post(f"{seeded.page_url}/chats/{group['id']}/photos", data=form) as response:
        assert response.status == 201, await response.text()
        photo = (await response.json())["messages"][0]
    assert photo["caption"] == "blue"
    async with page.get(f"{seeded.page_url}/files/{photo['photo'][-1]['file_id']}") as response:
        assert response.content_type == "image/jpeg"
        with Image.open(io.BytesIO(await response.read())) as shown:
            assert shown.size == (30, 20)
    members = f"{seeded.page_url}/chats/{group['id']}/members/{dan['id']}"
    async with page.delete(members, params={"by": 500_000_002}) as response:
        left = await response.json()
    assert dan["id"] not in [member["id"] for member in left["members"]]


async def read_events(response: aiohttp.ClientResponse, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            line = (await response.content.readline()).decode()
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
    return found


async def test_events_go_on_after_a_break(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    ann = 500_000_002
    address = f"{seeded.page_url}/events"
    bot = seeded.bot()
    try:
        async with page.get(address) as response:
            await post(page, f"{seeded.page_url}/chats/{ann}/messages", 201, **{"from": ann, "text": "hi"})
            await bot.send_chat_action(ann, "typing")
            first = await read_events(response, 2)
        assert [event["kind"] for event in first] == ["message", "action"]
        assert first[0]["message"]["text"] == "hi"
        await bot.send_message_draft(ann, 3, text="He")
        sent = await bot.send_message(ann, "Hello")
        await bot.delete_message(ann, sent.message_id)
        headers = {"Last-Event-ID": str(first[-1]["id"])}
        async with page.get(address, headers=headers) as response:
            second = await read_events(response, 3)
        assert [event["kind"] for event in second] == ["draft", "message", "delete"]
        async with page.get(address, headers={"Last-Event-ID": "5"}) as response:
            assert [event["kind"] for event in await read_events(response, 1)] == ["reset"]
    finally:
        await bot.session.close()


async def test_faults_and_limits_can_be_ordered(seeded: RunningEmulator, page: aiohttp.ClientSession) -> None:
    await post(page, f"{seeded.page_url}/faults", method="getMe", kind="http", status=502, body="<html>")
    async with page.get(seeded.method_url("getMe")) as response:
        assert response.status == 502
    async with page.get(seeded.method_url("getMe")) as response:
        assert response.status == 200
    async with page.put(f"{seeded.page_url}/limits", json={"enabled": True}) as response:
        assert response.status == 204
    assert (await get(page, f"{seeded.page_url}/state"))["limits"] is True
