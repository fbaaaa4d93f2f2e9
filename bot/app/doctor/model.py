"""The doctor at the model's endpoint."""

from __future__ import annotations

from bot.app.doctor.check import Check, failed, ok, skipped, warning
from bot.app.modelcheck import shown, unknown_model
from bot.core.errors import LLMErrorKind
from bot.llm.probe import ProbeResult, probe
from bot.llm.wire import OPENAI_URL
from bot.settings import Settings

_ERRORS: dict[LLMErrorKind, tuple[str, str]] = {
    "auth": ("the endpoint refused the key", "set LLM_API_KEY to a key of this endpoint"),
    "quota": ("the account has no credit left", "add credit at the provider, or take another key"),
    "rate_limited": ("the endpoint is asked too often", "wait a minute, or ask the provider for more"),
    "timeout": ("the model did not answer in time", "look whether the server is overloaded"),
    "unavailable": ("the endpoint is out of order", "look at the server's own log or status page"),
    "bad_response": (
        "the endpoint answers with something that is no model's answer",
        "check LLM_BASE_URL: it ends where /chat/completions begins, mostly with /v1",
    ),
}


async def look_at_model(settings: Settings, timeout: float) -> list[Check]:
    """Whether the model answers, and what it can do."""
    if not settings.has_model:
        return [skipped("Model", "no model is configured: the rehearsal model answers in the playground")]
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    model = settings.llm_model or ""
    found = await probe(settings.llm_base_url, key, model, timeout=timeout)
    address = shown(settings.llm_base_url or OPENAI_URL)
    if not found.reachable:
        advice = "check LLM_BASE_URL and that the server is running"
        return [failed("Model", f"{address} cannot be reached", advice)]
    if found.error is not None:
        return [_broken(found, found.error, model, address)]
    return [ok("Model", f"{model} at {address} answers"), *_abilities(found, settings)]


def _broken(found: ProbeResult, kind: LLMErrorKind, model: str, address: str) -> Check:
    if kind == "not_found" or (found.model_known is False and kind != "auth"):
        what, _, advice = unknown_model(model, address, found.models).rstrip(".").partition(": ")
        return failed("Model", what, f"{advice}, or check LLM_BASE_URL")
    what, advice = _ERRORS.get(kind, (f"the model failed ({kind})", "look at the endpoint's own log"))
    return failed("Model", f"{address}: {what}", advice)


def _abilities(found: ProbeResult, settings: Settings) -> list[Check]:
    checks = [ok("Tools", "the model can call tools"), ok("Streaming", "answers grow while they are written")]
    if not found.tools:
        advice = "it cannot save facts while it answers: take a model that can"
        checks[0] = warning("Tools", "the model cannot call tools", advice)
    if not found.streaming:
        advice = "nothing must be done; people wait longer for the first word"
        checks[1] = warning("Streaming", "answers come in one piece", advice)
    if not settings.llm_vision_enabled:
        return [*checks, skipped("Pictures", "LLM_VISION_ENABLED=false: the model is shown none")]
    if found.vision:
        return [*checks, ok("Pictures", "the model takes pictures")]
    advice = "set LLM_VISION_ENABLED=false, or take a model that sees"
    return [*checks, warning("Pictures", "the model takes no pictures", advice)]
