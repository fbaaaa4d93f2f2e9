"""Parsing in a process of its own, which a hostile file may bring down without anybody noticing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import bot
from bot.memory.parsing.blocks import Block
from bot.memory.parsing.child import SECONDS
from bot.memory.parsing.kinds import Kind
from bot.memory.parsing.refusals import DocumentRefused

MOST_BYTES = 20 * 1024 * 1024
"""Of a file; Telegram hands out no larger ones."""

_AT_ONCE: Final = 2
_ROOT: Final = str(Path(bot.__file__).resolve().parent.parent)
_CODE: Final = f"import sys; sys.path.insert(0, {_ROOT!r}); from bot.memory.parsing.child import main; main()"
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
"""Of the environment; its secrets are not the file's business."""


class Parser:
    """Reads documents, a few at a time."""

    def __init__(self, seconds: float = float(SECONDS), at_once: int = _AT_ONCE) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(at_once)

    async def parse(self, kind: Kind, data: bytes) -> Sequence[Block]:
        """The blocks of a file of this kind, at least one. Raises DocumentRefused."""
        if len(data) > MOST_BYTES:
            raise DocumentRefused("too_large")
        async with self._free:
            output = await self._run(kind, data)
        answer = json.loads(output)
        if "refused" in answer:
            raise DocumentRefused(answer["refused"])
        blocks = [Block(*fields) for fields in answer["blocks"]]
        if not any(any(map(str.isalnum, block.text)) for block in blocks):
            raise DocumentRefused("empty")
        return blocks

    async def _run(self, kind: Kind, data: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-X", "utf8", "-c", _CODE, kind,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(data), self._seconds)
        except TimeoutError:
            raise DocumentRefused("heavy") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return output
        # A signal ends it when it takes too much; an error that no parser expected is a fault of the file.
        raise DocumentRefused("heavy" if (process.returncode or 0) < 0 else "broken")
