"""Bots as processes of their own, to be killed at will."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.playground.emulator.call import RequestRecord
from tests.support.emulator import RunningEmulator
from tests.support.llm_server import ScriptedLLM

ROOT = Path(__file__).resolve().parent.parent.parent


class Zygote:
    """The preloaded parent of bots."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def spawn(self, values: dict[str, Any]) -> int:
        """Fork a bot with these settings; returns its pid."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(values) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the parent; its bots are ended by whoever started them."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass
class Bots:
    """The successive lives of one bot between an emulator and a scripted model."""

    zygote: Zygote
    telegram: RunningEmulator
    llm: ScriptedLLM
    database_url: str
    folder: Path
    lives: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Begin a life."""
        self.lives.append(
            self.zygote.spawn(
                {
                    "bot_token": self.telegram.token,
                    "telegram_api_url": self.telegram.telegram_url,
                    "llm_base_url": self.llm.base_url,
                    "llm_api_key": "test-key",
                    "llm_model": "gpt-4o-mini",
                    "database_url": self.database_url,
                    "data_dir": str(self.folder),
                    "access": "open",
                    "log": str(self.folder / "bot.log"),
                }
            )
        )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the present life."""
        with suppress(ProcessLookupError):
            os.kill(self.lives[-1], number)

    async def gone(self, seconds: float = 10.0) -> None:
        """Wait until the present life has ended."""
        async with asyncio.timeout(seconds):
            while _alive(self.lives[-1]):  # noqa: ASYNC110 - a process has no event
                await asyncio.sleep(0.01)

    def log(self) -> str:
        """What all lives printed."""
        path = self.folder / "bot.log"
        return path.read_text() if path.exists() else ""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def on_call(telegram: RunningEmulator, method: str, act: Callable[[], None], *, times: int = 1) -> None:
    """Act once, right after the emulator carried out the `times`-th call of a method from now on.

    The side effect has happened then, and the answer has not reached the bot yet.
    """
    requests = telegram.emu.requests
    seen = 0

    class Watched(deque[RequestRecord]):
        def append(self, record: RequestRecord) -> None:
            nonlocal seen
            super().append(record)
            empty = isinstance(record.response, dict) and record.response.get("result") == []
            if record.method == method and not empty:
                seen += 1
                if seen == times:
                    act()

    telegram.emu.requests = Watched(requests, maxlen=requests.maxlen)


@asynccontextmanager
async def bots_between(
    zygote: Zygote, telegram: RunningEmulator, llm: ScriptedLLM, database_url: str, folder: Path
) -> AsyncIterator[Bots]:
    """A bot that is not started yet; whatever lives in the end is killed."""
    bots = Bots(zygote, telegram, llm, database_url, folder)
    try:
        yield bots
    finally:
        if bots.lives:
            bots.kill()
            await bots.gone()
