"""Makes the model room's objects from the settings."""

from __future__ import annotations

from bot.core.ports import Clock
from bot.llm.client import NoLLM, OpenAIChat
from bot.llm.spend import SpendGuard
from bot.llm.tokens import Tokens
from bot.settings import Settings
from bot.settings.model import DEFAULT_MODEL


def build_tokens(settings: Settings, model: str | None = None) -> Tokens:
    """A counter for `model`, else for the configured one."""
    return Tokens(model or settings.llm_model or DEFAULT_MODEL, settings.data_dir)


def build_llm(
    settings: Settings,
    clock: Clock,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    model: str | None = None,
    spend: SpendGuard | None = None,
    tokens: Tokens | None = None,
) -> OpenAIChat | NoLLM:
    """The configured chat model, or `NoLLM`.

    `base_url`, `api_key` and `model` stand in for the settings'; another endpoint gets neither the configured
    key nor the configured fallbacks. Give the app's `tokens`, so that it learns from reported usage.
    """
    name = model or settings.llm_model
    if name is None:
        return NoLLM()
    elsewhere = base_url is not None and base_url != settings.llm_base_url
    configured = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return OpenAIChat(
        name,
        clock,
        tokens or build_tokens(settings, name),
        base_url=base_url or settings.llm_base_url,
        api_key=api_key if elsewhere else api_key or configured,
        fallbacks=() if elsewhere else settings.llm_fallback_models,
        timeout=settings.llm_timeout_seconds,
        prices=settings.llm_prices,
        vision=settings.llm_vision_enabled,
        spend=spend,
    )
