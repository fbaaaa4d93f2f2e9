"""The chat model of the house: one endpoint, a total deadline, fallbacks, and a breaker for each model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence

from bot.core.errors import LLMError, LLMErrorKind
from bot.core.llm import Completion, LLMRequest
from bot.core.ports import Clock
from bot.llm.asking import Asking, Endpoint, as_timeout
from bot.llm.breaker import Breaker
from bot.llm.faults import Fault
from bot.llm.spend import SpendGuard, Unlimited
from bot.llm.tokens import Tokens
from bot.llm.wire import OPENAI_URL, Wire
from bot.settings import Price

log = logging.getLogger(__name__)

_FALL_BACK: frozenset[LLMErrorKind] = frozenset(
    ("not_found", "unavailable", "quota", "rate_limited", "timeout")
)
_DOWN: frozenset[LLMErrorKind] = frozenset(("unavailable", "timeout"))


class OpenAIChat:
    """An `LLM` behind an OpenAI-compatible endpoint.

    `timeout` is the total deadline of a call in seconds, retries and fallbacks included: a model that has
    others behind it must say its first word in half of what is left. `prices` are dollars per million tokens.
    """

    def __init__(
        self,
        model: str,
        clock: Clock,
        tokens: Tokens,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        fallbacks: Sequence[str] = (),
        timeout: float = 120.0,
        prices: Mapping[str, Price] | None = None,
        vision: bool = True,
        spend: SpendGuard | None = None,
        backoff: float = 0.5,
    ) -> None:
        self._model = model
        self._clock = clock
        self._fallbacks = tuple(fallbacks)
        self._timeout = timeout
        self._breakers: dict[str, Breaker] = {}
        self._endpoint = Endpoint(
            wire=Wire(base_url or OPENAI_URL, api_key),
            tokens=tokens,
            spend=spend or Unlimited(),
            prices=prices or {},
            vision=vision,
            backoff=backoff,
        )

    @property
    def model(self) -> str:
        """The configured model's name."""
        return self._model

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """Run one call to its end; see `bot.core.ports.LLM`.

        An answer that broke twice comes back as "truncated" if there is text. An empty answer is an error
        unless it follows a tool's result. The first model's error is raised when the fallbacks fail too.
        """
        first = request.model or self._model
        models = tuple(dict.fromkeys((first, *self._fallbacks)))
        end = asyncio.get_running_loop().time() + self._timeout
        failure: LLMError | None = None
        for place, model in enumerate(models):
            try:
                return await self._ask(model, request, on_text, end, last=place == len(models) - 1)
            except LLMError as error:
                failure = failure or error
                log.warning("model call failed: %s", error)
                if error.kind not in _FALL_BACK or asyncio.get_running_loop().time() >= end:
                    break
        assert failure is not None
        raise failure

    async def warm(self) -> None:
        """Import the SDK and load the token ranks, in threads."""
        with contextlib.suppress(Fault):  # a bad address is told by the first call
            await self._endpoint.wire.client()
        await self._endpoint.tokens.warm()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.wire.close()

    async def _ask(
        self,
        model: str,
        request: LLMRequest,
        on_text: Callable[[str], None] | None,
        end: float,
        last: bool,
    ) -> Completion:
        breaker = self._breakers.setdefault(model, Breaker(self._clock))
        breaker.enter(model)
        failed: bool | None = None
        try:
            completion = await self._in_time(model, request, on_text, end, last)
            failed = False
        except LLMError as error:
            failed = None if error.kind == "spend_limit" else error.kind in _DOWN
            raise
        finally:
            breaker.leave(failed)
        return completion

    async def _in_time(
        self,
        model: str,
        request: LLMRequest,
        on_text: Callable[[str], None] | None,
        end: float,
        last: bool,
    ) -> Completion:
        now = asyncio.get_running_loop().time()
        asking: Asking | None = None
        try:
            async with asyncio.timeout_at(end if last else now + (end - now) / 2) as patience:
                asking = Asking(self._endpoint, model, request, on_text, patience, end)
                return await asking.run()
        except TimeoutError:
            partial = asking.partial if asking else ""
        raise as_timeout(model, partial)


class NoLLM:
    """Stands in where no model is configured: every call is refused with "no_model"."""

    model = ""

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """Raise LLMError("no_model")."""
        raise LLMError("no_model", "no language model is configured")

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to close."""
