"""mnema api … beside a bot that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from tests.api.house import House

Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in a folder of its own; logging stays pytest's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        return runner.invoke(app, ["api", *arguments])

    return run


async def test_keys_beside_a_running_bot(command: Command, house: House) -> None:
    def run(*arguments: str) -> Result:
        return command("key", *arguments)

    made = await asyncio.to_thread(run, "create", "office", "--scopes", "admin", "--days", "7")
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert (await house.ask("GET", "/api/v1/jobs", token))[0] == 200
    bound = await asyncio.to_thread(run, "create", "anna's", "-a", "shop", "--user", "101", "--json")
    row = json.loads(bound.stdout)
    assert (row["application"], row["user"], row["scopes"]) == ("shop", "101", ["read", "write"])
    assert row["key"].startswith(f"mn_{row['prefix']}_")
    assert row["created_at"].endswith("Z")
    listed = await asyncio.to_thread(run, "list")
    for word in ("office", "anna's", "shop", "101", "admin", "until", "valid"):
        assert word in listed.output
    assert token not in listed.output
    rows = json.loads((await asyncio.to_thread(run, "list", "--json")).stdout)
    assert rows["count"] == 2
    assert "digest" not in rows["items"][0]
    revoked = await asyncio.to_thread(run, "revoke", token.split("_")[1])
    assert "is revoked" in revoked.output
    assert (await house.ask("GET", "/api/v1/jobs", token))[0] == 401


def test_what_cannot_be(command: Command) -> None:
    for arguments in (
        ("create", "x", "--scopes", "root"),
        ("create", "x", "--scopes", "admin", "--user", "1"),
    ):
        done = command("key", *arguments)
        assert done.exit_code == 2
        assert "scopes" in done.output.lower()
    assert command("key", "revoke", "nothing").exit_code == 1
    assert "no keys yet" in command("key", "list").output


def test_the_document(command: Command, tmp_path: Path) -> None:
    printed = json.loads(command("openapi").stdout)
    assert "/chat/" in printed["paths"]
    assert command("openapi", "-o", "api.json").exit_code == 0
    assert json.loads((tmp_path / "api.json").read_text()) == printed
    assert command("openapi", "-o", "missing/api.json").exit_code == 1
