"""What calls cost, and the hook that can forbid them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.core.llm import Usage
from bot.settings import Price


class SpendGuard(Protocol):
    """Asked before every attempt and told of everything that was paid, lost attempts included."""

    async def check(self, purpose: str) -> None:
        """Return if `purpose` may spend now. Raises LLMError("spend_limit") if not."""
        ...

    async def charge(self, usage: Usage, cost: float | None, purpose: str) -> None:
        """Book what an attempt used; `cost` in dollars, None where the model has no price."""
        ...


class Unlimited:
    """A guard that allows everything and books nothing."""

    async def check(self, purpose: str) -> None:
        """Allow it."""

    async def charge(self, usage: Usage, cost: float | None, purpose: str) -> None:
        """Forget it."""


def cost_of(usage: Usage, model: str, prices: Mapping[str, Price]) -> float | None:
    """Dollars for `usage`, None for a model without a price."""
    price = prices.get(model)
    if price is None:
        return None
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = price.input if price.cached is None else price.cached
    fresh = usage.prompt_tokens - cached
    return (fresh * price.input + cached * cached_price + usage.completion_tokens * price.output) / 1e6


def reported_usage(raw: Any) -> Usage | None:
    """The usage object of an endpoint, None where it is absent or makes no sense."""
    if not isinstance(raw, dict):
        return None
    prompt, completion = _number(raw.get("prompt_tokens")), _number(raw.get("completion_tokens"))
    if not prompt or completion is None:
        return None
    details = raw.get("prompt_tokens_details")
    cached = _number(details.get("cached_tokens")) if isinstance(details, dict) else None
    if cached is None:
        cached = _number(raw.get("prompt_cache_hit_tokens"))
    return Usage(prompt, completion, min(cached or 0, prompt))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else None
