"""Whatever is wrong at the first start is said in one sentence with what to do, and no traceback."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from bot.app.playing import run_playground
from bot.app.running import run_bot
from bot.cli.starting import check_env_file
from bot.core.errors import ConfigError
from bot.core.lock import InstanceLock
from bot.settings import load_settings
from tests.first_run.commands import ROOT, Ended, as_ordinary_user, environment, mnema
from tests.support.emulator import TOKEN, RunningEmulator
from tests.support.llm_server import scripted_llm
from tests.support.product import product_settings

MODEL = {"LLM_BASE_URL": "http://127.0.0.1:9/v1", "LLM_MODEL": "m"}


def says(ended: Ended, start: str, code: int = 2) -> None:
    """One line on standard error, nothing else, and the exit code."""
    assert ended.err.startswith(start), ended.err
    assert len(ended.err.splitlines()) == 1, ended.err
    assert ended.out == ""
    assert ended.code == code


def test_a_malformed_token_and_numbers_out_of_range(tmp_path: Path) -> None:
    env = {**MODEL, "BOT_TOKEN": "hello-token", "CONTEXT_MAX_TOKENS": "5"}
    ended = mnema(["run"], tmp_path, env)
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "BOT_TOKEN must be the token that @BotFather gave, like 123456789:AbC….",
        "CONTEXT_MAX_TOKENS must be a whole number between 2000 and 128000.",
    ]
    assert ended.out == ""


@pytest.mark.slow
async def test_a_token_that_telegram_does_not_know(telegram: RunningEmulator, tmp_path: Path) -> None:
    wrong = "123456789:" + "w" * 35
    env = {**MODEL, "BOT_TOKEN": wrong, "TELEGRAM_API_URL": telegram.telegram_url}
    ended = await asyncio.to_thread(mnema, ["run"], tmp_path, env)
    assert ended.err.splitlines()[-1].startswith("Telegram does not know BOT_TOKEN: copy the token")
    assert "Traceback" not in ended.err
    assert wrong not in ended.err + ended.out
    assert ended.code == 2


@pytest.mark.slow
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    ended = mnema(["run"], closed, prefix=as_ordinary_user())
    says(ended, "The folder data cannot be written (Permission denied); set DATA_DIR to a folder")


def test_make_says_the_sentence_and_its_own_error(tmp_path: Path) -> None:
    env = environment(tmp_path, {"BOT_TOKEN": "hello"})
    # `-o install`: the environment of the tests is there already.
    command = ["make", "-s", "-o", "install", "run"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    first, last = done.stderr.splitlines()
    assert first == "BOT_TOKEN must be the token that @BotFather gave, like 123456789:AbC…."
    assert last.startswith("make: ***")
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("HTTP_PORT=8001\n\n# a comment\nBOT TOKEN = 'x\nLLM_MODEL=m\n", 4),
        ("BOT_TOKEN\n", 1),
        ('LLM_MODEL="m\n', 1),
    ],
)
def test_a_line_of_env_that_says_nothing(text: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"^Line {line} of .*\\.env cannot be understood: write NAME=value"):
        check_env_file(file)


def test_lines_of_env_that_are_all_right(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "\ufeff# mine\nexport HTTP_PORT=8001\nLLM_MODEL='a b'\n\nSOMEBODY_ELSES\nEMPTY=\n", "utf-8"
    )
    check_env_file(file)
    check_env_file(tmp_path / "missing")


async def test_a_port_in_use_for_the_bot(telegram: RunningEmulator, tmp_path: Path) -> None:
    async with scripted_llm() as llm:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            settings = product_settings(
                f"sqlite:///{tmp_path}/mnema.db",
                tmp_path,
                llm,
                bot_token=TOKEN,
                telegram_api_url=telegram.telegram_url,
                http_port=port,
            )
            with pytest.raises(ConfigError, match=f"^Port {port} is already in use .*: stop that program"):
                await asyncio.wait_for(run_bot(settings), 30)


async def test_a_port_in_use_for_the_playground(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = load_settings(None, data_dir=tmp_path, http_port=port)
        with pytest.raises(ConfigError, match=f"^Port {port} is already in use"):
            await asyncio.wait_for(run_playground(settings), 30)
        # Everything was let go: the next start fails for the same reason, not for a lock.
        with pytest.raises(ConfigError, match=f"^Port {port} is already in use"):
            await asyncio.wait_for(run_playground(settings), 30)


async def test_the_playground_is_not_open_to_every_site(tmp_path: Path) -> None:
    settings = load_settings(None, data_dir=tmp_path, cors_origins=("*",))
    with pytest.raises(ConfigError, match=r"CORS_ORIGINS=\* every site"):
        await run_playground(settings)


async def test_a_second_process_on_the_same_folder(telegram: RunningEmulator, tmp_path: Path) -> None:
    for name in ("mnema.lock", "playground.lock"):
        lock = InstanceLock(tmp_path / name)
        lock.acquire()
        try:
            async with scripted_llm() as llm:
                url = f"sqlite:///{tmp_path}/mnema.db"
                settings = product_settings(
                    url, tmp_path, llm, bot_token=TOKEN, telegram_api_url=telegram.telegram_url
                )
                run = run_bot(settings) if name == "mnema.lock" else run_playground(settings)
                with pytest.raises(ConfigError, match=r"^Another Mnema is running on the folder .*; stop it"):
                    await asyncio.wait_for(run, 30)
        finally:
            lock.release()
    assert not (tmp_path / "mnema.db").exists()
    assert not (tmp_path / "playground.db").exists()


async def test_a_playground_that_others_could_reach(tmp_path: Path) -> None:
    settings = load_settings(None, data_dir=tmp_path, http_host="0.0.0.0")
    with pytest.raises(ConfigError, match=r"set HTTP_HOST=127\.0\.0\.1"):
        await run_playground(settings)
