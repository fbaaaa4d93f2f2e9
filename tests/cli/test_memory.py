"""mnema memory …, beside an open database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.core.errors import MnemaError, NotFound
from bot.db.engine import Database
from bot.services.reach import Caller
from bot.services.session_values import NewMessage
from bot.services.sessions import Sessions
from tests.support.clock import ManualClock
from tests.support.opened import clock, sqlite_database

__all__ = ["clock", "sqlite_database"]

SHOP = Caller("local", "test", "default", frozenset({"admin"}))

Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in a folder of its own; logging stays pytest's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["memory", *arguments])


async def test_remembered_listed_found_forgotten(
    command: Command, sqlite_database: Database, clock: ManualClock
) -> None:
    async def run(*arguments: str) -> str:
        result = await asyncio.to_thread(command, *arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return result.stdout

    kept = Sessions(sqlite_database, clock)
    talk = (await kept.create(SHOP, "anna")).id
    await kept.add_message(SHOP, talk, NewMessage("user", "I work with Docker"))
    told = ["--kind", "preference", "--tag", "Sport", "--priority", "8", "--ttl", "3600", "--json"]
    made = json.loads(await run("add", "anna", "Loves", "[bold]hiking[/bold]", *told))
    assert made == {
        "id": made["id"], "text": "Loves [bold]hiking[/bold]", "kind": "preference", "priority": 8,
        "tags": ["sport"], "pinned": False, "origin": "explicit", "said_at": made["said_at"],
        "expires_at": made["expires_at"],
    }  # fmt: skip
    assert made["expires_at"].endswith("Z")
    assert "Plays chess" in await run("add", "anna", "Plays chess", "--pin")
    await run("add", "--conversation", talk, "About the new cluster")
    assert "Loves [bold]hiking[/bold]" in await run("list", "anna")
    assert json.loads(await run("list", "anna", "--tag", "sport", "--tag", "x", "--json")) == {
        "items": [made], "count": 1,
    }  # fmt: skip
    assert "About the new cluster" in await run("list", "--conversation", talk)
    assert "We close at six" in await run("add", "--house", "We close at six")
    rule = json.loads(await run("list", "--house", "--json"))["items"][0]["id"]
    found = json.loads(await run("search", "anna", "hiking", "--json"))
    assert [(one["id"], one["type"]) for one in found["items"]] == [(f"f:{made['id']}", "user")]
    assert "I work with Docker" in await run("search", "--conversation", talk, "docker")
    assert await run("search", "anna", "zebra") == "Nothing fits.\n"

    for wrong in (("anna", str(rule)), ("--house", str(made["id"])), ("bob", str(made["id"]))):
        failed = await asyncio.to_thread(command, "forget", *wrong)
        assert isinstance(failed.exception, NotFound), wrong
        assert "has no memory" in str(failed.exception)
    assert await run("forget", "anna", str(made["id"])) == "Forgotten: Loves [bold]hiking[/bold]\n"
    assert await run("forget", "--house", str(rule)) == "Forgotten: We close at six\n"
    assert await run("list", "--house") == "Nothing is remembered.\n"


def test_mistakes_are_told(command: Command) -> None:
    for arguments, word in (
        (("list",), "USER_ID"), (("list", "--house", "--conversation", "x"), "not both"),
        (("add", "anna"), "remembered"), (("add", "anna", "x", "--kind", "odd"), "kind"),
        (("add", "anna", "x", "--priority", "11"), "priority"), (("add", "a", "x", "--tag", ""), "tag"),
        (("forget", "anna"), "number"), (("forget", "anna", "x"), "number"), (("search", "anna"), "looked"),
    ):  # fmt: skip
        done = command(*arguments)
        assert done.exit_code == 2, (arguments, done.output, done.exception)
        assert word in done.output, arguments
    for arguments in (("list", "nobody"), ("search", "nobody", "x"), ("list", "--conversation", "x")):
        assert str(command(*arguments).exception).startswith("There is no "), arguments
    refused = command("add", "anna", "x" * 900).exception
    assert type(refused) is MnemaError
    assert str(refused)[0].isupper()
