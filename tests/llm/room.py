"""What the tests of the model room share: a client of the scripted server, a clock, and a spend guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.clock import SystemClock
from bot.core.errors import LLMError
from bot.core.llm import LLMRequest, Message, ToolSpec, Usage
from bot.core.ports import Clock
from bot.llm import OpenAIChat, Tokens
from bot.settings import Price
from tests.support.llm_server import ScriptedLLM

KEY = "sk-nobody-may-read-this"
PROMPT = "my prompt is private"
FACT = ToolSpec(
    "save_user_fact",
    "Keeps a fact.",
    {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@dataclass
class Accounts:
    """A spend guard that books what it is told and forbids everything once `closed`."""

    closed: bool = False
    checks: int = 0
    booked: list[tuple[Usage, float | None, str]] = field(default_factory=list)

    async def check(self, purpose: str) -> None:
        self.checks += 1
        if self.closed:
            raise LLMError("spend_limit")

    async def charge(self, usage: Usage, cost: float | None, purpose: str) -> None:
        self.booked.append((usage, cost, purpose))


class HeldClock(SystemClock):
    """A clock whose seconds move by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@asynccontextmanager
async def chat(
    server: ScriptedLLM | str,
    folder: Path,
    model: str = "gpt-4o-mini",
    clock: Clock | None = None,
    prices: Mapping[str, Price] | None = None,
    **options: Any,
) -> AsyncIterator[OpenAIChat]:
    """A client with quick retries; `folder` holds the token ranks."""
    options = {"timeout": 5.0, "backoff": 0.01, **options}
    llm = OpenAIChat(
        model,
        clock or SystemClock(),
        Tokens(model, folder),
        base_url=server if isinstance(server, str) else server.base_url,
        api_key=KEY,
        prices=prices,
        **options,
    )
    await llm.warm()
    try:
        yield llm
    finally:
        await llm.aclose()


def ask(*messages: Message, **options: Any) -> LLMRequest:
    """A request of a stable prompt and one user message, unless others are given."""
    default: tuple[Message, ...] = (
        {"role": "system", "content": "You are kind."},
        {"role": "user", "content": PROMPT},
    )
    options = {"max_tokens": 500, "purpose": "reply", **options}
    return LLMRequest(messages=messages or default, **options)
