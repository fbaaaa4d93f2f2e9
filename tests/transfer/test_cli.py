"""Export and import from the command line, the predecessor's database among them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.cli.main import app
from bot.db.models import Conversation, Message
from tests.support.opened import opened
from tests.transfer.past import message, result

OLD = [
    ("b", "101", 101, 1, "first", '{"direction": "user"}'),
    ("a", "101", 101, 2, "second", '{"direction": "assistant", "model": "m"}'),
    ("c", "101", -1001, 9, "in a group", None),
    ("d", "102", -1001, 10, "also there", "not json"),
    ("e", "someone", 5, None, "without a number", None),
]


def old_database(place: Path, rows: list[tuple[Any, ...]]) -> str:
    with closing(sqlite3.connect(place)) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS messages (id TEXT, user_id VARCHAR(255), chat_id BIGINT, "
            "message_id BIGINT, text TEXT, metadata TEXT)"
        )
        connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    return f"sqlite:///{place}"


async def test_the_command_line(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    async def run(*arguments: str) -> Any:
        done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments])
        assert done.exit_code == 0, done.output or repr(done.exception)
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    url = old_database(tmp_path / "old.db", OLD)
    before = (tmp_path / "old.db").read_bytes()
    assert (await run("import", "legacy", url, "--json"))["messages"] == 5
    assert (tmp_path / "old.db").read_bytes() == before
    old_database(tmp_path / "old.db", [("f", "101", 101, 3, "third", None)])
    assert (await run("import", "legacy", url, "--json"))["messages"] == 1
    async with opened(sqlite_database_url) as database:
        rows = await database.read(
            lambda s: s.scalars(select(Message).order_by(Message.sender_id, Message.id)).all()
        )
        talks = await database.read(lambda s: s.scalars(select(Conversation).order_by(Conversation.no)).all())
    texts = {row.content: row for row in rows}
    assert texts["first"].id < texts["second"].id < texts["third"].id
    assert [texts[t].direction for t in ("first", "second", "third")] == ["incoming", "outgoing", "incoming"]
    assert texts["second"].meta["model"] == "m"
    assert sorted((talk.status, talk.message_count) for talk in talks) == [
        ("active", 1), ("active", 3), ("archived", 1), ("archived", 1),
    ]  # fmt: skip

    (tmp_path / "result.json").write_bytes(result([message(1, "long ago"), message(2, "later")]))
    assert "messages: 2" in await run("import", "telegram", "result.json")
    assert "nothing new" in (await run("import", "own", str(await _exported(run, tmp_path))))
    said = await run("export", "user", "101", "--format", "md")
    assert "long ago" in said
    assert "second" in said
    refused = await asyncio.to_thread(CliRunner().invoke, app, ["import", "telegram", "all.jsonl"])
    assert "Nothing can be imported" in str(refused.exception)


async def _exported(run: Any, tmp_path: Path) -> Path:
    await run("export", "instance", "--output", "all.jsonl")
    place = tmp_path / "all.jsonl"
    assert place.stat().st_mode & 0o077 == 0
    return place
