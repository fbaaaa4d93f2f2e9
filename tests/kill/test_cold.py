"""The same with true cold starts: a new process, as a machine after a power cut starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kill.bots import ROOT
from tests.support.emulator import RunningEmulator, running_emulator
from tests.support.llm_server import ScriptedLLM, scripted_llm
from tests.support.llm_steps import Text
from tests.support.ports import free_port

ANSWER = "Everything that was asked before the power cut is answered after it, once and whole."


@pytest.fixture
async def world() -> AsyncIterator[tuple[RunningEmulator, ScriptedLLM]]:
    """Both outer worlds; they outlive the bot."""
    async with scripted_llm() as llm, running_emulator() as telegram:
        llm.default(lambda _body: Text(ANSWER, delay=0.15))
        yield telegram, llm


def cold_start(telegram: RunningEmulator, llm: ScriptedLLM, folder: Path) -> subprocess.Popen[bytes]:
    """`mnema run` with everything in its environment, as a service would start it."""
    environment = {
        "PATH": os.environ["PATH"],
        "BOT_TOKEN": telegram.token,
        "TELEGRAM_API_URL": telegram.telegram_url,
        "LLM_BASE_URL": llm.base_url,
        "LLM_API_KEY": "test-key",
        "LLM_MODEL": "gpt-4o-mini",
        "ACCESS": "open",
        "DATA_DIR": str(folder / "data"),
        "HTTP_PORT": str(free_port()),
    }
    with (folder / "bot.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )


@pytest.mark.slow
async def test_a_power_cut_in_the_middle_of_a_streamed_answer(
    world: tuple[RunningEmulator, ScriptedLLM], tmp_path: Path
) -> None:
    telegram, llm = world
    ann, borys = await telegram.person("Ann"), await telegram.person("Borys")
    chats = [await telegram.private(ann), await telegram.private(borys)]
    first = cold_start(telegram, llm, tmp_path)
    try:
        asked = await ann.say(chats[0], "What happens when the power is cut?")
        await telegram.wait_reply(asked, settled=0, timeout=40)
        waiting = await borys.say(chats[1], "And what of those who wait?")
        first.send_signal(signal.SIGKILL)
    finally:
        first.kill()
        await asyncio.to_thread(first.wait)
    second = cold_start(telegram, llm, tmp_path)
    try:
        for message in (asked, waiting):
            await telegram.wait_reply(message, contains=ANSWER, timeout=40)
    finally:
        second.terminate()
        assert await asyncio.to_thread(second.wait, 20) == 0
    for chat in chats:
        texts = [message.text for message in telegram.bot_messages(chat)]
        assert sum(ANSWER in text for text in texts) == 1, texts
