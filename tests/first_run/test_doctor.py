"""The doctor tells what is right, and for what is not, what to do."""

from __future__ import annotations

import email.utils
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.app.doctor import Check, examine
from bot.app.schema import prepare_database
from bot.playground.records import BotAccount
from bot.settings import Settings, load_settings
from tests.support.clock import ManualClock
from tests.support.databases import sqlite_url
from tests.support.emulator import TOKEN, RunningEmulator, running_emulator
from tests.support.llm_server import FAULTS, Text, scripted_llm
from tests.support.serving import serving

KEY = "sk-nobody-may-read-this"


def states(checks: Sequence[Check]) -> dict[str, str]:
    return {check.name: check.state for check in checks}


def one(checks: Sequence[Check], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


def settings_for(telegram: RunningEmulator, url: str, folder: Path, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "bot_token": SecretStr(TOKEN),
        "telegram_api_url": telegram.telegram_url,
        "llm_base_url": "http://127.0.0.1:9/v1",
        "llm_api_key": SecretStr(KEY),
        "llm_model": "gpt-4o-mini",
        "database_url": url,
        "data_dir": folder,
    }
    return load_settings(None, **(values | more))


async def test_a_healthy_house(telegram: RunningEmulator, database_url: str, tmp_path: Path) -> None:
    async with scripted_llm() as llm:
        llm.script(Text("one two three", delay=0.02), Text("red"))
        settings = settings_for(telegram, database_url, tmp_path, llm_base_url=llm.base_url)
        checks = await examine(settings)
    assert states(checks) == {
        "Telegram": "ok",
        "Groups": "ok",
        "Updates": "ok",
        "Waiting updates": "ok",
        "Model": "ok",
        "Tools": "ok",
        "Streaming": "ok",
        "Pictures": "ok",
        "Database": "ok",
        "Data folder": "ok",
        "Disk space": one(checks, "Disk space").state,
        "Backups": "warning",  # of a house this new there are none
        "System prompt": "ok",
    }
    assert KEY not in repr(checks)
    assert TOKEN not in repr(checks)


async def test_what_fails_says_what_to_do(telegram: RunningEmulator, tmp_path: Path) -> None:
    (tmp_path / "mnema.db").write_text("a diary " * 1000)
    settings = settings_for(
        telegram,
        sqlite_url(tmp_path / "mnema.db"),
        tmp_path,
        bot_token=SecretStr("123456789:" + "w" * 35),
        system_prompt_file="mine.md",
    )
    checks = await examine(settings)
    bad = {check.name: check for check in checks if check.state == "failed"}
    assert bad.keys() == {"Telegram", "Model", "Database", "System prompt"}
    assert bad["Telegram"].found == "Telegram does not know BOT_TOKEN"
    assert bad["Model"].found == "http://127.0.0.1:9/v1 cannot be reached"
    assert "is damaged" in bad["Database"].found
    assert "`mnema db restore`" in bad["Database"].advice
    assert "mine.md is not there" in bad["System prompt"].found
    assert all(check.advice for check in bad.values())


async def test_a_bad_key_and_an_unknown_model(telegram: RunningEmulator, tmp_path: Path) -> None:
    async with scripted_llm() as llm:
        llm.script(FAULTS["401"], FAULTS["404"])
        settings = settings_for(
            telegram, sqlite_url(tmp_path / "new.db"), tmp_path, llm_base_url=llm.base_url
        )
        key = one(await examine(settings), "Model")
        assert (key.state, key.advice) == ("failed", "set LLM_API_KEY to a key of this endpoint")
        unknown = one(await examine(settings), "Model")
        assert unknown.state == "failed"
        assert "does not know LLM_MODEL=gpt-4o-mini" in unknown.found
    assert one(await examine(settings), "Database").found.endswith("new.db is made at the start")
    assert not (tmp_path / "new.db").exists()


async def test_telegram_by_polling_with_a_webhook_set_and_privacy_on(tmp_path: Path) -> None:
    async with running_emulator(privacy=True) as telegram:
        telegram.emu.world.put(_with_hook(telegram))
        settings = settings_for(telegram, sqlite_url(tmp_path / "mnema.db"), tmp_path)
        checks = await examine(settings)
        assert one(checks, "Groups").state == "warning"
        assert "/setprivacy" in one(checks, "Groups").advice
        assert one(checks, "Updates").found.startswith("a webhook to elsewhere.example is set")


def _with_hook(telegram: RunningEmulator) -> BotAccount:
    bot = telegram.emu.world.bots[int(TOKEN.partition(":")[0])]
    return replace(bot, webhook={"url": "https://elsewhere.example/hook", "secret_token": ""})


@pytest.mark.parametrize(
    ("seconds", "state", "word"),
    [(0, "ok", "right"), (120, "warning", "ahead"), (-120, "warning", "behind"), (900, "failed", "15 min")],
)
async def test_the_clock_and_the_webhooks_last_error(
    seconds: int, state: str, word: str, tmp_path: Path
) -> None:
    clock = ManualClock()
    headers = {"date": email.utils.format_datetime(clock.now() - timedelta(seconds=seconds), usegmt=True)}
    hook = {
        "url": "https://here.example/hook",
        "pending_update_count": 250,
        "last_error_date": int(clock.now().timestamp()) - 60,
        "last_error_message": "Connection refused",
    }

    async def answer(request: Request) -> JSONResponse:
        asked = request.path_params["method"]
        result = {"username": "mnema_bot"} if asked == "getMe" else hook
        return JSONResponse({"ok": True, "result": result}, headers=headers)

    async with serving(Starlette(routes=[Route("/bot{token}/{method}", answer)])) as base:
        settings = load_settings(
            None,
            data_dir=tmp_path,
            bot_token=TOKEN,
            telegram_api_url=base,
            webhook_url="https://here.example/hook",
            webhook_secret="a",
            llm_base_url="http://127.0.0.1:9/v1",
        )
        checks = await examine(settings, clock)
    assert one(checks, "Clock").state == state
    assert word in one(checks, "Clock").found
    assert one(checks, "Updates").found == "by webhook to here.example"
    assert one(checks, "Waiting updates").state == "warning"
    assert one(checks, "Webhook errors").found.endswith("at 09:25 UTC: Connection refused")


async def test_the_playground_needs_no_account(tmp_path: Path) -> None:
    settings = load_settings(None, data_dir=tmp_path / "data")
    checks = await examine(settings)
    assert one(checks, "Telegram").state == "skipped"
    assert "playground" in one(checks, "Telegram").found
    assert one(checks, "Model").state == "skipped"
    assert all(check.state != "failed" for check in checks)
    assert not (tmp_path / "data" / "mnema.db").exists()


async def test_the_doctor_works_beside_a_writer_and_leaves_nothing(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "mnema.db")
    await prepare_database(url, tmp_path)
    before = (tmp_path / "mnema.db").read_bytes()
    checks = await examine(load_settings(None, data_dir=tmp_path, database_url=url))
    assert one(checks, "Database").found.endswith("is sound and up to date")
    assert (tmp_path / "mnema.db").read_bytes() == before


async def test_a_server_that_is_down(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://mnema:hidden@127.0.0.1:9/mnema"
    checks = await examine(load_settings(None, data_dir=tmp_path, database_url=url))
    found = one(checks, "Database")
    assert found.state == "failed"
    assert "127.0.0.1:9" in found.found
    assert "hidden" not in repr(checks)
