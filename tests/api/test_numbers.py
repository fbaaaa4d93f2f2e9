"""The numbers over HTTP and from the command line, and test data made and removed by a plain request."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app.serving import serve_all
from bot.cli.main import app
from bot.core.clock import SystemClock
from tests.api.house import House, api_settings, running_house
from tests.support.llm_steps import Text
from tests.support.people import ANN, PRIVATE, say, settle
from tests.support.ports import free_port

SEED = "/admin-api/create-test-data"


async def test_everybody_sees_what_they_reach(
    house: House, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, admin = await house.key("shop"), await house.key(scopes="admin")
    house.llm.script(Text("Hello Anna!"))
    await house.ask("POST", "/chat/", shop, json={"prompt": "Hello", "user_id": "anna"})
    fact = {"user_id": "anna", "text": "Likes tea", "kind": "preference"}
    assert (await house.ask("POST", "/api/v1/memories", shop, json=fact))[0] == 201
    now = SystemClock().now()

    def telegram(session: Any) -> None:
        say(session, settle(session, ANN, PRIVATE, now), "I am here", now)

    await house.app.database.write(telegram)
    seen: dict[str, tuple[int, int, int, int]] = {}
    keys = {"admin": admin, "shop": shop, "rival": await house.key("rival")}
    keys["anna"] = await house.key("shop", user="anna")
    for name, key in keys.items():
        status, found, _ = await house.ask("GET", "/memory/stats", key)
        assert status == 200
        seen[name] = (found["conversations"], found["users"], found["messages"], found["memories"]["user"])
        assert [m["answers"] for m in found["models"]] == ([] if name == "rival" else [1])
        assert (found["storage_bytes"] is None) == (name != "admin")
        assert found["popular_topics"] == []
    own = (1, 1, 2, 1)
    assert seen == {"admin": (2, 2, 3, 1), "shop": own, "anna": own, "rival": (0, 0, 0, 0)}

    status, whole, _ = await house.ask("GET", "/api/v1/stats", admin)
    assert (status, whole["users"], whole["dialogues"], whole["messages"]) == (200, 2, 2, 3)
    assert [(p["purpose"], p["answers"]) for p in whole["purposes"]] == [("reply", 1)]
    assert whole["prompt_tokens"] == whole["models"][0]["prompt_tokens"] == whole["days"][-1]["prompt_tokens"]
    assert (len(whole["days"]), whole["days"][-1]["day"]) == (30, now.date().isoformat())
    assert whole["response_seconds"] < 5

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("COLUMNS", "100")
    words = ["stats", "instance"]
    told = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"])
    assert {**json.loads(told.output), "storage_bytes": 0} == {**whole, "storage_bytes": 0}
    assert "gpt-4o-mini" in (await asyncio.to_thread(CliRunner().invoke, app, words)).output


async def test_test_data_by_a_plain_request(house_on_both: House) -> None:
    house = house_on_both
    admin = await house.key(scopes="admin")
    status, made, _ = await house.ask("POST", SEED, admin)
    assert (status, made["users"], made["messages"]) == (201, 6, 120)
    topics = []
    for _ in range(100):
        topics = (await house.ask("GET", "/memory/stats", admin))[1]["popular_topics"]
        if topics:
            break
        await asyncio.sleep(0.05)
    assert {"docker", "python"} <= {topic["topic"] for topic in topics}
    assert (await house.ask("GET", "/api/v1/users/test-emma/stats", admin))[1]["messages"] == 20
    assert (await house.ask("GET", "/api/v1/users/test-emma/stats", await house.key()))[0] == 404
    for body in ({"users": 0}, {"messages": 501}, {"more": 1}):
        assert (await house.ask("POST", SEED, admin, json=body))[0] == 422
    status, removed, _ = await house.ask("DELETE", "/admin-api/test-data", admin)
    assert (status, removed["removed"]["users"], removed["removed"]["messages"]) == (200, 6, 60)
    _, left, _ = await house.ask("GET", "/memory/stats", admin)
    assert (left["users"], left["conversations"], left["messages"], left["popular_topics"]) == (0, 0, 0, [])

    now = SystemClock().now() - timedelta(minutes=1)
    await house.app.database.write(lambda s: say(s, settle(s, ANN, PRIVATE, now), "I am here", now).id)
    status, problem, _ = await house.ask("POST", SEED, admin)
    assert (status, problem["type"]) == (409, "urn:mnema:real_people")
    assert problem["detail"].endswith("all the same.")
    assert (await house.ask("POST", SEED, admin, json={"users": 1, "messages": 4, "force": True}))[0] == 201


async def test_the_seeds_line_at_a_port_of_the_dashboard(sqlite_database_url: str, tmp_path: Path) -> None:
    """Without a key, as in the playground, where everybody is a rehearsal."""
    async with running_house(sqlite_database_url, tmp_path, closed=False) as house:
        settings = api_settings(
            sqlite_database_url, tmp_path, house.llm, http_port=free_port(), dashboard_port=free_port()
        )
        stop, opened = asyncio.Event(), asyncio.Event()
        servers = serve_all(
            house.web, settings, stop, started=lambda _host, _port: opened.set(), stopping=lambda: None
        )
        async with asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(server)
            await opened.wait()
            for port in (settings.dashboard_port, settings.http_port):
                address = f"http://localhost:{port}"
                async with house.http.post(f"{address}{SEED}", json={"users": 2, "messages": 4}) as answer:
                    assert answer.status == 201
                async with house.http.get(f"{address}/memory/stats") as answer:
                    assert (await answer.json())["users"] == 2
            stop.set()
