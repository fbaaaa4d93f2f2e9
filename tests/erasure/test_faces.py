"""Forgetting from every face."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.cli.main import app
from bot.db.models import Job, User
from tests.api.house import running_house
from tests.support.llm_steps import Text
from tests.support.product import Product
from tests.support.waiting import until


async def test_in_telegram(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("A fine zarzuela it is."))
    message = await ann.say(chat, "I love zarzuela nights")
    await product.telegram.wait_reply(message, contains="fine")
    await ann.say(chat, "/forget_me")
    asked = await product.telegram.wait_message(chat, contains="forget you altogether")
    await ann.press(asked, "🗑 Yes, forget me")
    receipt = await product.telegram.wait_message(chat, contains="I have forgotten you")
    assert "• your messages: 1" in receipt.text
    assert "• my answers to you: 1" in receipt.text
    assert await product.look(lambda s: s.scalars(select(User.id)).all()) == []
    files = Path(product.app.database.url.removeprefix("sqlite:///"))

    async def clean() -> bool:
        done = select(Job.id).where(Job.kind == "erasure.scrub", Job.status == "done")
        return await product.look(lambda s: s.scalar(done)) is not None

    await until(clean, seconds=15)
    assert not any(b"zarzuela" in file.read_bytes() for file in files.parent.glob(f"{files.name}*"))


async def test_over_http_and_from_the_command_line(
    sqlite_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    async with running_house(sqlite_database_url, tmp_path) as house:
        ours, theirs = await house.key("ours"), await house.key("theirs")
        for user in ("anna", "carl"):
            place = f"/api/v1/users/{user}"
            entry = {"title": "Notes", "text": "zarzuela"}
            assert (await house.ask("POST", f"{place}/knowledge", ours, json=entry))[0] == 201
        assert (await house.ask("DELETE", "/api/v1/users/anna", theirs))[0] == 404
        status, card, _ = await house.ask("GET", "/api/v1/users/anna", ours)
        assert (status, card["user_id"], card["platform"], card["facts"]) == (200, "anna", "api", 0)
        assert (await house.ask("POST", "/api/v1/users/anna/export", theirs))[0] == 404
        status, exported, headers = await house.ask("POST", "/api/v1/users/anna/export", ours)
        assert (status, exported["documents"][0]["title"]) == (200, "Notes")
        assert headers["Content-Disposition"] == 'attachment; filename="mnema-anna.json"'
        status, receipt, _ = await house.ask("DELETE", "/api/v1/users/anna", ours)
        assert (status, receipt["removed"]["documents"], receipt["backups"]) == (200, 1, [])
        assert [(await house.ask(m, "/api/v1/users/anna", ours))[0] for m in ("GET", "DELETE")] == [404, 404]
    run = CliRunner().invoke
    done = await asyncio.to_thread(run, app, ["erase", "carl", "--yes", "--json"])
    assert json.loads(done.output)["removed"]["documents"] == 1
    again = await asyncio.to_thread(run, app, ["erase", "carl", "--yes"])
    assert str(again.exception) == "There is no user carl."
    assert b"zarzuela" not in Path(sqlite_database_url.removeprefix("sqlite:///")).read_bytes()


async def test_export_in_telegram(product: Product) -> None:
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(Text("A fine zarzuela it is."))
    message = await ann.say(chat, "I love zarzuela nights")
    await product.telegram.wait_reply(message, contains="fine")
    await ann.say(chat, "/export")

    def files() -> list[str]:
        sent = product.telegram.bot_messages(chat)
        names = [(m.record.body.get("document") or {}).get("file_name") for m in sent]
        return [name for name in names if name]

    await until(lambda: len(files()) == 2)
    assert [name.rpartition(".")[2] for name in files()] == ["html", "json"]
