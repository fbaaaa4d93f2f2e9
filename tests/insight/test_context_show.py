"""mnema context show, beside a bot that runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.core.errors import ConfigError, NotFound
from bot.db.models import AuditRow
from tests.support.llm_steps import Text, ToolCalls
from tests.support.product import Product

SAVE = ToolCalls(
    [("save_user_fact", {"text": "Lives in Lviv", "kind": "home", "quote": "I live in Lviv"})], text="Nice!"
)


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["context", "show", *arguments])


async def test_the_context_of_a_chat_as_it_would_be_now(
    product: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = product.app.settings
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("DATABASE_URL", settings.database_url), ("DATA_DIR", str(settings.data_dir)), ("COLUMNS", "160"),
        ("LLM_MODEL", "gpt-4o-mini"), ("LLM_API_KEY", "sk-none"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bot.cli.starting.configure_logging", lambda *_: None)
    ann = await product.telegram.person("Ann")
    chat = await product.telegram.private(ann)
    product.llm.script(SAVE, Text("Bring an umbrella."))
    await product.telegram.wait_reply(await ann.say(chat, "I live in Lviv"), contains="Nice")
    await product.telegram.wait_reply(await ann.say(chat, "What do I take?"), contains="umbrella")

    def look(*arguments: str) -> Result:
        return command(str(chat.id), *arguments)

    shown = await asyncio.to_thread(look)
    assert shown.exit_code == 0, shown.exception
    rows = {line.split()[0]: line.split() for line in shown.output.splitlines() if line.strip()}
    assert rows["facts"][3] == "1"
    assert rows["history"][3] == "4"
    assert "of 8000 tokens" in shown.output
    assert "Lviv" not in shown.output
    assert "umbrella" not in shown.output
    plain = json.loads((await asyncio.to_thread(look, "--json")).output)
    assert {layer["name"]: len(layer["kept"]) for layer in plain["layers"]}["facts"] == 1
    assert {message["content"] for message in plain["messages"]} == {None}
    assert plain["tools"][0] == "save_user_fact"
    assert await product.look(lambda s: s.scalars(select(AuditRow.target)).all()) == []
    whole = json.loads((await asyncio.to_thread(look, "--json", "--reveal")).output)
    assert "Lives in Lviv" in whole["messages"][0]["content"]
    # What the bot itself would send: the same system message as in its last prompt.
    assert whole["messages"][0]["content"].splitlines()[0] == product.prompt()[0]["content"].splitlines()[0]
    audit = await product.look(lambda s: [(r.action, r.target) for r in s.scalars(select(AuditRow))])
    assert audit == [("trace.reveal", f"chat:tg:{chat.id}")]
    unknown = await asyncio.to_thread(command, "777")
    assert isinstance(unknown.exception, NotFound)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert isinstance((await asyncio.to_thread(look)).exception, ConfigError)
