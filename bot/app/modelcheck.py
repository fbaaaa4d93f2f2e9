"""A cheap look at the model's endpoint: one request for its list of models, never a paid one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.llm.faults import Fault
from bot.llm.wire import OPENAI_URL, Wire
from bot.settings import Settings

log = logging.getLogger(__name__)

_SECONDS = 15.0


async def warn_about_model(settings: Settings) -> None:
    """Log one warning when the configured model cannot work as things stand; the bot starts all the same."""
    if not settings.has_model:
        return
    sentence = await model_trouble(settings)
    if sentence is not None:
        log.warning("%s (`mnema doctor` tells more)", sentence)


async def model_trouble(settings: Settings) -> str | None:
    """What stands between the settings and a working model, as far as a free question tells; else None."""
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    wire = Wire(settings.llm_base_url or OPENAI_URL, key)
    address = shown(wire.base_url)
    try:
        async with asyncio.timeout(_SECONDS):
            listed = await wire.models()
    except TimeoutError:
        return f"The model's endpoint {address} does not answer: check LLM_BASE_URL and the network."
    except Fault as fault:
        return _why(fault, address)
    finally:
        await wire.close()
    if listed and not knows(listed, settings.llm_model or ""):
        return unknown_model(settings.llm_model or "", address, listed)
    return None


def knows(listed: Sequence[str], model: str) -> bool:
    """Whether a list names the model; Ollama adds a tag that may be left out, others a path before it."""
    return any(model in (name, name.removesuffix(":latest"), name.rpartition("/")[2]) for name in listed)


def shown(url: str) -> str:
    """An address without a password or a key in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def unknown_model(model: str, address: str, listed: Sequence[str]) -> str:
    """The sentence for a model that the endpoint does not list."""
    some = ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "")
    offered = f" to one of its models ({some})" if listed else ""
    return f"The endpoint {address} does not know LLM_MODEL={model}: set it{offered}."


def _why(fault: Fault, address: str) -> str | None:
    if fault.kind == "auth":
        named = "refused LLM_API_KEY: copy the key again"
        return f"The model's endpoint {address} {named}, or check that it belongs to this endpoint."
    if fault.kind in ("unavailable", "timeout") and fault.status is None:
        return f"The model's endpoint {address} cannot be reached: check LLM_BASE_URL and that it is running."
    return None  # many servers list no models
