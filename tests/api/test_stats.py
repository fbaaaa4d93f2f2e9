"""A user's numbers over HTTP and from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.core.errors import NotFound
from tests.api.house import House
from tests.support.llm_steps import Text


async def test_numbers(
    house: House, sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await house.key("shop")
    house.llm.script(Text("Hello Anna!"))
    await house.ask("POST", "/chat/", key, json={"prompt": "Hello", "user_id": "anna"})
    status, found, _ = await house.ask("GET", "/api/v1/users/anna/stats", key)
    assert (status, found["user_id"], found["dialogues"], found["active"], found["messages"]) == (
        200, "anna", 1, 1, 2,
    )  # fmt: skip
    assert 0 < found["response_seconds"] < 5
    assert found["relevance"] is None
    assert found["prompt_tokens"] > 0
    assert (await house.ask("GET", "/api/v1/users/anna/stats", await house.key("rival")))[0] == 404

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("COLUMNS", "100")

    async def run(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["stats", "user", *words])
        if result.exception is not None:
            raise result.exception
        return result.output

    assert json.loads(await run("anna", "--json")) == found
    table = await run("anna")
    assert "average response time" in table
    assert f"{found['response_seconds']:.1f} s" in table
    with pytest.raises(NotFound, match="There is no user nobody"):
        await run("nobody")
