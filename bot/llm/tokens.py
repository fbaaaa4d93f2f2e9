"""Counts tokens as the configured model would, offline."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.llm import Message, ToolSpec
from bot.llm import ranks
from bot.llm.families import family_of
from bot.llm.images import image_tokens

if TYPE_CHECKING:
    from tiktoken import Encoding

log = logging.getLogger(__name__)

MESSAGE_FRAME = 4
PROMPT_FRAME = 3
_FOREIGN_FACTOR = 1.25
_CHUNK = 10_000  # characters; the encoder's cost grows faster than a single long run of characters
_SMOOTHING = 0.2
_LOWEST, _HIGHEST = 0.5, 2.0
_EAGER_SAMPLES, _LATER_EVERY = 10, 20


class Tokens:
    """A `TokenCounter` for one model, by tiktoken with shipped ranks.

    Loading (about 0.3 s) happens at the first count, or before it by `warm`. Safe to use from threads.
    Counting never raises: without usable ranks it falls back to a third of the UTF-8 bytes.
    """

    def __init__(self, model: str, data_dir: Path) -> None:
        self.model = model
        self._family = family_of(model)
        self._folder = data_dir / "tiktoken"
        self._lock = threading.Lock()
        self._encoding: Encoding | None = None
        self._broken = False
        self._correction: dict[str, float] = {}
        self._samples: dict[str, int] = {}

    async def warm(self) -> None:
        """Load the ranks in a thread, so that the first count does not stop the loop."""
        await asyncio.to_thread(self._load)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        if not text:
            return 0
        return self._corrected(self._raw(text))

    def count_messages(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
        """Tokens of a whole prompt: messages with their framing, image parts, tool calls and tool schemas."""
        texts: list[str] = []
        fixed = PROMPT_FRAME
        for message in messages:
            fixed += MESSAGE_FRAME + _collect(message, texts)
        texts += [
            _dump({"name": t.name, "description": t.description, "parameters": t.parameters}) for t in tools
        ]
        fixed += MESSAGE_FRAME * len(tools)
        return fixed + self._corrected(sum(map(self._raw, texts)))

    def wants_calibration(self, model: str) -> bool:
        """Whether the next reported usage of `model` is worth an own count of the prompt."""
        samples = self._samples.get(model, 0)
        if family_of(model).exact:
            return False
        if samples >= _EAGER_SAMPLES and samples % _LATER_EVERY:
            self._samples[model] = samples + 1
            return False
        return True

    def calibrate(self, model: str, estimated: int, reported: int) -> None:
        """Learn from a prompt that was counted here as `estimated` and by the endpoint as `reported`.

        Small prompts teach nothing (framing dominates); the correction moves slowly and stays in 0.5–2.
        """
        if family_of(model).exact or estimated < 50 or reported <= 0:
            return
        old = self._correction.get(model, 1.0)
        target = old * reported / estimated
        first = model not in self._correction
        new = target if first else old + _SMOOTHING * (target - old)
        self._correction[model] = min(_HIGHEST, max(_LOWEST, new))
        self._samples[model] = self._samples.get(model, 0) + 1

    def _corrected(self, raw: int) -> int:
        return math.ceil(raw * self._correction.get(self.model, 1.0))

    def _raw(self, text: str) -> int:
        size = len(text.encode("utf-8", "replace"))
        encoding = self._load()
        if encoding is None:
            return math.ceil(size / 3)
        counted = sum(len(encoding.encode_ordinary(part)) for part in _chunks(text))
        return counted if self._family.exact else min(size, math.ceil(counted * _FOREIGN_FACTOR))

    def _load(self) -> Encoding | None:
        if self._encoding is not None or self._broken:
            return self._encoding
        with self._lock:
            return self._first_load()

    def _first_load(self) -> Encoding | None:
        if self._encoding is None and not self._broken:
            try:
                self._encoding = _read_encoding(self._family.encoding, self._folder)
            except (OSError, ValueError) as error:
                self._broken = True
                log.warning("token ranks cannot be loaded (%s): counting bytes", type(error).__name__)
        return self._encoding


# tiktoken takes its folder from the environment of the process, which all counters share; so are its ranks.
_reading = threading.Lock()
_read: dict[str, Encoding] = {}


def _read_encoding(name: str, folder: Path) -> Encoding:
    with _reading:
        if name not in _read:
            _read[name] = _from_folder(name, folder)
        return _read[name]


def _from_folder(name: str, folder: Path) -> Encoding:
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(ranks.unpack(name, folder))
    try:
        import tiktoken

        return tiktoken.get_encoding(name)
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


def _chunks(text: str) -> list[str]:
    """Parts of at most `_CHUNK` characters, cut before a space where there is one nearby."""
    parts: list[str] = []
    start = 0
    while len(text) - start > _CHUNK:
        end = text.rfind(" ", start + _CHUNK // 2, start + _CHUNK)
        end = end if end > 0 else start + _CHUNK
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def _collect(message: Message, texts: list[str]) -> int:
    """Add a message's texts to `texts`; returns what its images cost."""
    fixed = 0
    for key, value in message.items():
        if key == "content" and isinstance(value, list):
            for part in value:
                if isinstance(part, dict) and part.get("type") == "image_url":
                    fixed += image_tokens(part.get("image_url"))
                elif isinstance(part, dict):
                    texts.append(str(part.get("text") or ""))
        elif key == "tool_calls" and value:
            texts.append(_dump([call.get("function") for call in value if isinstance(call, dict)]))
            fixed += MESSAGE_FRAME * len(value)
        elif isinstance(value, str) and key != "tool_call_id":
            texts.append(value)
    return fixed


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)
