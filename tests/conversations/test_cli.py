"""mnema conversation …, beside an open database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.core.errors import NotFound
from bot.db.engine import Database
from bot.services.reach import Caller
from bot.services.session_values import NewMessage
from bot.services.sessions import Sessions
from tests.support.clock import START, ManualClock
from tests.support.people import ANN, PRIVATE, say, settle

Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in a folder of its own; logging stays pytest's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["conversation", *arguments])


async def test_all_of_them(
    command: Command, sqlite_database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    admin = Caller("local", "admin", "default", frozenset({"admin"}))
    await sqlite_database.write(
        lambda s: say(s, settle(s, ANN, PRIVATE, START), "Tell me about volcanoes", START)
    )
    kept = Sessions(sqlite_database, clock)
    made = await kept.create(admin, "101", "Over HTTP")
    await kept.add_message(admin, made.id, NewMessage("ai", "Hello [bold]there[/bold]"))

    def run(*arguments: str) -> Result:
        result = command(*arguments)
        assert result.exit_code == 0, result.output
        return result

    listed = json.loads((await asyncio.to_thread(run, "list", "101", "--json")).stdout)
    assert {one["title"] for one in listed["items"]} == {"Tell me about volcanoes", "Over HTTP"}
    table = (await asyncio.to_thread(run, "list", "101")).stdout
    assert made.id in table
    assert "Tell me about volcanoes" in table
    shown = (await asyncio.to_thread(run, "show", made.id)).stdout
    assert "ai: Hello [bold]there[/bold]" in shown
    assert (await asyncio.to_thread(run, "clear", "101", "101")).stdout == "Cleared.\n"
    assert (await asyncio.to_thread(run, "clear", "101", "101")).stdout == "There was nothing to clear.\n"
    assert (await asyncio.to_thread(run, "archive", made.id)).stdout == "Archived: Over HTTP.\n"
    archived = json.loads(
        (await asyncio.to_thread(run, "list", "101", "--status", "archived", "--json")).stdout
    )
    assert archived["count"] == 2
    await asyncio.to_thread(run, "export", made.id, "--format", "json", "--output", "out.json")
    assert "Hello [bold]there[/bold]" in (tmp_path / "out.json").read_text()
    for arguments in (("list", "999"), ("show", "nothing"), ("archive", "nothing"), ("clear", "999", "1")):
        failed = await asyncio.to_thread(command, *arguments)
        assert isinstance(failed.exception, NotFound), "main() says it and ends with 1"
        assert str(failed.exception).startswith("There is no ")
