"""The rehearsal model on loopback with the official client before it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from openai import AsyncOpenAI
from openai.types import CompletionUsage

from bot.playground.rehearsal import MODEL, rehearsal_router
from tests.support.serving import serving

KINDS = ["name", "pronouns", "language", "birthday", "home", "work", "family", "diet", "health", "contact"]
KINDS += ["preference", "plan", "other"]
FIELDS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "kind": {"type": "string", "enum": KINDS},
        "quote": {"type": "string"},
        "replaces": {"type": "integer"},
    },
    "required": ["text", "kind", "quote"],
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "save_user_fact": FIELDS,
    "get_user_facts": {"type": "object", "properties": {}},
    "search_memory": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: text, calls as (name, arguments), finish reason and usage."""

    text: str
    calls: list[tuple[str, dict[str, Any]]]
    finish: str
    usage: CompletionUsage


class Rehearsal:
    """The served model."""

    def __init__(self, url: str, client: AsyncOpenAI) -> None:
        self.url, self.client = url, client

    async def say(
        self,
        content: Any,
        *,
        system: str = "",
        history: Iterable[dict[str, Any]] = (),
        tools: Iterable[str] = (),
        results: dict[str, list[str]] | None = None,
        **options: Any,
    ) -> Said:
        """Ask once. `results` gives earlier calls of this turn with what each tool answered."""
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        messages += [*history, {"role": "user", "content": content}]
        for name, answers in (results or {}).items():
            ids = [f"{name}-{n}" for n in range(len(answers))]
            function = {"name": name, "arguments": "{}"}
            calls = [{"id": key, "type": "function", "function": function} for key in ids]
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            messages += [
                {"role": "tool", "tool_call_id": key, "content": answer}
                for key, answer in zip(ids, answers, strict=True)
            ]
        if tools:
            options["tools"] = [
                {"type": "function", "function": {"name": name, "parameters": SCHEMAS[name]}}
                for name in tools
            ]
        reply = await self.client.chat.completions.create(model=MODEL, messages=messages, **options)
        message = reply.choices[0].message
        made = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or ()]
        assert reply.usage is not None
        return Said(message.content or "", made, reply.choices[0].finish_reason, reply.usage)


@asynccontextmanager
async def running_rehearsal() -> AsyncIterator[Rehearsal]:
    """Serve the model, without delays between words."""
    app = FastAPI()
    app.include_router(rehearsal_router(delay=0), prefix="/rehearsal/v1")
    async with (
        serving(app) as base,
        AsyncOpenAI(base_url=f"{base}/rehearsal/v1", api_key="any", max_retries=0) as client,
    ):
        yield Rehearsal(f"{base}/rehearsal/v1", client)
