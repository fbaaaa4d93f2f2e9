"""Finds out what an endpoint can do, for the doctor."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.errors import LLMError, LLMErrorKind
from bot.core.llm import LLMRequest, Message, ToolSpec
from bot.llm.client import OpenAIChat
from bot.llm.faults import Fault
from bot.llm.tokens import Tokens
from bot.llm.wire import OPENAI_URL, Wire

OLLAMA_URL = "http://127.0.0.1:11434/v1"
_OLLAMA_SECONDS = 0.5
_LIST_SECONDS = 10.0
_REPLY_TOKENS = 256
# A red square of 8×8 pixels.
_SQUARE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP8z4AdMOEQH6QSAM1BAQ/oQeJvAAAAAElFTkSuQmCC"
)
_PING = ToolSpec("ping", "Answers pong.", {"type": "object", "properties": {}, "additionalProperties": False})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What was found. None means that it could not be told; `error` is why the model did not answer.

    `models` are the names the endpoint lists, empty where it lists none.
    """

    reachable: bool
    model_known: bool | None = None
    tools: bool | None = None
    vision: bool | None = None
    streaming: bool | None = None
    error: LLMErrorKind | None = None
    models: tuple[str, ...] = ()


async def probe(
    base_url: str | None, api_key: str | None, model: str, *, timeout: float = 30.0
) -> ProbeResult:
    """Ask the endpoint for its models, then the model two tiny questions; `timeout` seconds for each."""
    listed, listing = await _list_models(base_url, api_key)
    with tempfile.TemporaryDirectory() as folder:
        llm = OpenAIChat(
            model,
            SystemClock(),
            Tokens(model, Path(folder)),
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
        )
        try:
            streaming, tools = await _ask_tools(llm)
            vision = await _ask_vision(llm)
        except LLMError as error:
            reachable = listing is None or error.kind not in ("unavailable", "timeout")
            known = None if not listed else model in listed
            return ProbeResult(
                reachable, False if error.kind == "not_found" else known, error=error.kind, models=listed
            )
        finally:
            await llm.aclose()
    return ProbeResult(True, True, tools, vision, streaming, models=listed)


async def find_ollama(base_url: str = OLLAMA_URL) -> list[str] | None:
    """The models of an Ollama on this machine, None if there is none; takes half a second at most."""
    wire = Wire(base_url, None)
    try:
        await wire.client()  # importing the SDK takes longer than the answer may
        async with asyncio.timeout(_OLLAMA_SECONDS):
            return await wire.models()
    except (Fault, TimeoutError):
        return None
    finally:
        await wire.close()


async def _list_models(base_url: str | None, api_key: str | None) -> tuple[tuple[str, ...], Fault | None]:
    wire = Wire(base_url or OPENAI_URL, api_key)
    try:
        async with asyncio.timeout(_LIST_SECONDS):
            return tuple(await wire.models()), None
    except TimeoutError:
        return (), Fault("timeout", "no list of models in time")
    except Fault as fault:
        return (), fault if fault.status is None else None
    finally:
        await wire.close()


async def _ask_tools(llm: OpenAIChat) -> tuple[bool, bool]:
    parts: list[str] = []
    question: Message = {"role": "user", "content": "Count from one to ten in words."}
    answer = await llm.complete(LLMRequest([question], _REPLY_TOKENS, "probe", tools=[_PING]), parts.append)
    return len(parts) > 1, "tools" not in answer.notes


async def _ask_vision(llm: OpenAIChat) -> bool | None:
    content = [
        {"type": "text", "text": "What colour is this? One word."},
        {"type": "image_url", "image_url": {"url": _SQUARE}},
    ]
    request = LLMRequest([{"role": "user", "content": content}], _REPLY_TOKENS, "probe")
    return "images" not in (await llm.complete(request)).notes
