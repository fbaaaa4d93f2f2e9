"""Sessions through the client: what people write in their programs, what is refused, what is sent again."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI

from bot.api.routes.chat_memory import router
from bot.client import (
    ChatMemoryClient,
    ChatMemoryError,
    ChatMemoryHelper,
    Invalid,
    NotAllowed,
    NotFound,
    Unreachable,
)
from bot.client import transport as sending
from tests.api.house import House
from tests.support.serving import serving

EXAMPLES = Path(__file__).parents[2] / "examples"


async def test_what_programs_do(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = await house.key("shop")
    monkeypatch.setenv("MNEMA_API_KEY", key)
    async with ChatMemoryClient(house.base) as client:
        session = await client.create_session("user123", "API Test")
        first = await client.add_message(session["id"], "user", "สวัสดีครับ", metadata={"emotion": "friendly"})
        await client.add_message(session["id"], "ai", "Hi there!", response_to=first["id"])
        messages = await client.get_messages(session["id"])
        assert [(m["message_type"], m["content"], m["response_to"]) for m in messages] == [
            ("user", "สวัสดีครับ", None), ("ai", "Hi there!", first["id"]),
        ]  # fmt: skip
        assert messages[0]["metadata"] == {"emotion": "friendly"}
        assert [m["id"] for m in await client.get_messages(session["id"], 1, messages[1]["id"])] == [
            first["id"]
        ]
        assert [m["id"] for m in await client.search_messages(session["id"], "สวัสดี")] == [first["id"]]
        assert ((await client.search_messages(session["id"], "สวัสดี"))[0]["score"] or 0) > 0
        context = await client.get_context(session["id"], 1)
        assert [m["content"] for m in context["messages"]] == ["Hi there!"]
        assert (await client.update_session_title(session["id"], "Renamed"))["title"] == "Renamed"
        assert not (await client.deactivate_session(session["id"]))["is_active"]

        document = await client.export_session(session["id"])
        (tmp_path / "session.json").write_text(json.dumps(document))
        document = json.loads((tmp_path / "session.json").read_text())
        made = await client.import_session(document)
        assert (made["created"], made["source_id"], made["status"]) == (True, session["id"], "archived")
        again = await client.import_session(document)
        assert (again["id"], again["created"]) == (made["id"], False)
        copy = await client.import_session(document, "user 4%2056?", copy=True)
        assert [s["id"] for s in await client.get_user_sessions("user 4%2056?")] == [copy["id"]]

        assert len(await client.get_user_sessions("user123", status="archived")) == 2
        statistics = await client.get_statistics()
        assert (statistics["total_sessions"], statistics["total_messages"]) == (3, 6)
        assert await client.health_check() == {"status": "healthy", "database": "ok"}
        await client.delete_session(session["id"])
        await _refused(client, session["id"])
    async with ChatMemoryClient(house.base, await house.key(scopes="admin")) as admin:
        assert await admin.cleanup(days=30) == 0
    async with ChatMemoryClient(house.base, await house.key("rival")) as rival:
        for call in (rival.get_session(made["id"]), rival.get_user_sessions("user123")):
            with pytest.raises(NotFound):
                await call
    await _helper(house.base)
    await _pages(house, key)


async def _refused(client: ChatMemoryClient, gone: str) -> None:
    for missing in (gone, "invalid_id", "a b?c#d%"):
        with pytest.raises(NotFound, match=r"^There is no such thing here\.$"):
            await client.get_session(missing)
    session = await client.create_session("user123")
    for call, field in (
        (client.add_message(session["id"], "robot", "x"), "message_type"),
        (client.add_message(session["id"], "user", " "), "content"),
        (client.add_message(session["id"], "user", "x", "7"), "response_to"),
        (client.add_message(session["id"], "user", "x", metadata={"a": "\0"}), "metadata"),
        (client.get_messages(session["id"], 501), "limit"),
        (client.get_messages(session["id"], before="one"), "before"),
        (client.create_session(""), "user_id"),
        (client.import_session({"format": "other"}), "format"),
        (client.import_session(_export(title=1.5)), "session"),
        (client.import_session(_export(created_at="0001-01-01T00:00:00+14:00")), "session"),
        (client.import_session({"format": "mnema.session/1", "session": {}, "messages": []}), "user_id"),
    ):
        with pytest.raises(Invalid) as caught:
            await call
        assert caught.value.field == field
    with pytest.raises(NotAllowed):
        await client.cleanup()


def _export(**head: Any) -> dict[str, Any]:
    return {"format": "mnema.session/1", "session": {"user_id": "user123", **head}, "messages": []}


async def _helper(base: str) -> None:
    helper = ChatMemoryHelper(base)
    await helper.setup()
    session_id = await helper.start_conversation("user123", "Helper Test")
    await helper.send_message(session_id, "Hello", "user")
    await helper.send_message(session_id, "Hi!", "ai")
    history = await helper.get_conversation_history(session_id)
    assert [m["content"] for m in history] == ["Hello", "Hi!"]
    await helper.cleanup()


async def _pages(house: House, key: str) -> None:
    """Page by page; examples run as they are; a repeated request keeps one message."""
    place = "/api/v1/chat/users/user123/sessions"
    seen: list[str] = []
    address: str | None = f"{place}?limit=2"
    while address:
        _, page, _ = await house.ask("GET", address, key)
        seen += [item["id"] for item in page["items"]]
        address = f"{place}?limit=2&cursor={page['next']}" if page["next"] else None
    assert len(set(seen)) == len(seen) == 3
    body = {"message_type": "user", "content": "once"}
    for _ in range(2):
        status, _, _ = await house.ask(
            "POST", f"/api/v1/chat/sessions/{seen[0]}/messages", key, json=body,
            headers={"Idempotency-Key": "k"},
        )  # fmt: skip
        assert status == 201
    _, page, _ = await house.ask("GET", f"/api/v1/chat/sessions/{seen[0]}/messages?limit=1", key)
    assert page["items"][0]["content"] == "once"
    _, page, _ = await house.ask(
        "GET", f"/api/v1/chat/sessions/{seen[0]}/messages?before={page['next']}", key
    )
    assert "once" not in [item["content"] for item in page["items"]]
    for name, last in (("client", "copied 2 messages"), ("helper", "ai: Hi!")):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / f"chat_memory_{name}.py"), house.base, cwd=EXAMPLES.parent,
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0
        assert output.decode().splitlines()[-1].startswith(last)


@asynccontextmanager
async def _server(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_what_passes_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_FIRST_PAUSE", 0.001)
    seen: list[tuple[str, str | None]] = []
    script: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, request.headers.get("Idempotency-Key")))
        step = script.pop(0)
        if step == "cut":
            assert request.transport is not None
            request.transport.close()
        if step == "nothing":
            return web.Response(status=204)
        status, body = step if isinstance(step, tuple) else (500, {})
        return web.json_response(body, status=status)

    async with _server(answer) as base, ChatMemoryClient(base, "k") as client:
        script += ["cut", (503, {}), (409, {"type": "urn:mnema:in_flight"}), (201, {"id": "s"})]
        assert (await client.create_session("u"))["id"] == "s"
        assert len({key for _, key in seen}) == 1
        assert seen[0][1]
        script += [(201, {"id": "t"})]
        await client.create_session("u")
        assert seen[-1][1] != seen[0][1]
        script += [(502, {}), (404, {"detail": "Gone."})]
        await client.delete_session("s")
        for status, kind in (
            (404, NotFound),
            (401, NotAllowed),
            (409, ChatMemoryError),
            (500, ChatMemoryError),
        ):
            script += [(status, {"detail": "A sentence."})]
            with pytest.raises(kind, match="A sentence"):
                await client.delete_session("s")
        assert script == []
        script += ["cut"] * 9
        with pytest.raises(Unreachable):
            await client.get_session("..")
        assert len(script) < 9 - 1


async def test_the_router_stands_in_any_application(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("API_AUTH", "off")
    app = FastAPI()
    app.include_router(router)
    async with app.router.lifespan_context(app), serving(app) as base, ChatMemoryClient(base) as client:
        session = await client.create_session("user123", "Embedded")
        await client.add_message(session["id"], "user", "Hello")
        assert [m["content"] for m in await client.get_messages(session["id"])] == ["Hello"]
        with pytest.raises(NotFound, match="no such thing"):
            await client.get_session("invalid_id")
        import aiohttp

        async with aiohttp.ClientSession(base) as page:
            for origin, status in (("http://evil.example", 403), (base, 200)):
                address = f"/api/v1/chat/sessions/{session['id']}/deactivate"
                async with page.post(address, headers={"Origin": origin}) as response:
                    assert response.status == status
    monkeypatch.setenv("API_AUTH", "on")
    closed = FastAPI()
    closed.include_router(router)
    async with closed.router.lifespan_context(closed), serving(closed) as base, ChatMemoryClient(base) as who:
        with pytest.raises(NotAllowed, match="API key"):
            await who.get_session(session["id"])
        assert (await who.health_check())["status"] == "healthy"
