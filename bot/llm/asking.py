"""One request put to one model: attempts, what is retried, and what is asked without."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.errors import LLMError
from bot.core.llm import Completion, LLMRequest, Usage
from bot.llm.dialects import Dialect, refused_feature
from bot.llm.faults import Fault
from bot.llm.prompt import has_images, request_body
from bot.llm.reply import Reply
from bot.llm.spend import SpendGuard, cost_of, reported_usage
from bot.llm.tokens import Tokens
from bot.llm.wire import Wire
from bot.settings import Price

log = logging.getLogger(__name__)

MOST_RETRIES = 2
LONGEST_WAIT = 20.0
CHARS_PER_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What all requests to one endpoint share. `backoff` is the first pause between attempts, in seconds."""

    wire: Wire
    tokens: Tokens
    spend: SpendGuard
    prices: Mapping[str, Price]
    vision: bool = True
    backoff: float = 0.5
    dialects: dict[str, Dialect] = field(default_factory=dict)

    def dialect(self, model: str) -> Dialect:
        """What is known of a model here. OpenAI's own newer models take only the newer name of the cap."""
        if model not in self.dialects:
            newer = "api.openai.com" in self.wire.base_url
            self.dialects[model] = Dialect(tokens_name="max_completion_tokens" if newer else "max_tokens")
        return self.dialects[model]


class Asking:
    """Runs one request against one model to its end; `partial` is the most text that was ever received.

    `patience` is the running deadline of this model, moved to `end` (loop time) once the model says anything.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        request: LLMRequest,
        on_text: Callable[[str], None] | None,
        patience: asyncio.Timeout,
        end: float,
    ) -> None:
        self.partial = ""
        self._endpoint = endpoint
        self._model = model
        self._request = request
        self._on_text = on_text
        self._patience, self._end = patience, end
        self._dialect = endpoint.dialect(model)
        self._images = endpoint.vision
        self._swapped_cap = False
        self._retries = self._broken = 0
        self._best: Completion | None = None

    async def run(self) -> Completion:
        """The completion, from as many attempts as it takes. Raises `LLMError`."""
        while True:
            await self._endpoint.spend.check(self._request.purpose)
            try:
                return await self._attempt()
            except Fault as fault:
                pause = self._pause(fault)
                given_up = None if pause is not None else fault.as_error(self._model, self.partial)
            if given_up is not None:
                if self._best is not None:
                    return self._best
                raise given_up
            await asyncio.sleep(pause or 0.0)

    def _pause(self, fault: Fault) -> float | None:
        """Seconds until the next attempt, None if there is none."""
        if self._adapt(fault):
            return 0.0
        pause: float = self._endpoint.backoff * (1 << self._retries) * random.uniform(0.5, 1.5)
        if fault.again == "often" and self._retries < MOST_RETRIES:
            self._retries += 1
        elif fault.again == "once" and not self._broken:
            self._broken += 1
        else:
            return None
        if fault.retry_after is not None:
            pause = max(pause, fault.retry_after)
        deadline = self._patience.when() or self._end
        if pause > LONGEST_WAIT or asyncio.get_running_loop().time() + pause >= deadline:
            return None
        log.info("%s: %s, again in %.1f s", self._model, fault, pause)
        return pause

    def _adapt(self, fault: Fault) -> bool:
        body = request_body(self._request, self._model, self._dialect, images=self._images)
        feature = refused_feature(fault.status, fault.detail, body)
        if feature is None or (feature == "max_tokens" and self._swapped_cap):
            return False
        self._swapped_cap = self._swapped_cap or feature == "max_tokens"
        if feature == "image":
            self._images = False
        else:
            self._dialect.drop(feature)
        log.info("%s refuses %s (%s): asking without", self._model, feature, fault)
        return True

    async def _attempt(self) -> Completion:
        reply = Reply(self._request.max_tokens * CHARS_PER_TOKEN)
        body = request_body(self._request, self._model, self._dialect, images=self._images)
        shown = ""

        def changed() -> None:
            nonlocal shown
            if reply.started and not self._patience.expired():
                self._patience.reschedule(self._end)
            text = reply.text
            if text != shown and self._on_text is not None:
                self._on_text(text)
            shown = text
            self.partial = max(self.partial, text, key=len)

        try:
            await self._endpoint.wire.exchange(body, reply, changed)
            if not reply.complete:
                raise Fault("bad_response", "an answer cut short", "once")
        except (Fault, asyncio.CancelledError) as error:
            if reply.has_content:
                await self._keep(reply)
                if isinstance(error, Fault) and error.again == "often":
                    error.again = "once"  # part of an answer was paid for
            raise
        return await self._completed(reply)

    async def _completed(self, reply: Reply) -> Completion:
        usage = await self._book(reply)
        if not reply.text and not reply.tool_calls:
            if reply.finish == "content_filter":
                raise Fault("refused", "filtered")
            if reply.finish == "stop" and self._request.messages[-1].get("role") != "tool":
                raise Fault("bad_response", "an empty answer", "once")
        return self._completion(reply, usage)

    async def _keep(self, reply: Reply) -> None:
        """An answer that broke was paid for, and may be all there will be."""
        lost = self._completion(reply, await self._book(reply), cut=True)
        if lost.text or lost.tool_calls:
            best = self._best
            self._best = lost if best is None or len(lost.text) >= len(best.text) else best

    def _completion(self, reply: Reply, usage: Usage, cut: bool = False) -> Completion:
        return Completion(
            text=reply.text,
            tool_calls=reply.tool_calls,
            finish="truncated" if cut else reply.finish,
            usage=usage,
            model=self._model,
            cost=cost_of(usage, self._model, self._endpoint.prices),
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        without = {
            "tools": bool(self._request.tools) and not self._dialect.tools,
            "images": has_images(self._request.messages) and not (self._dialect.images and self._images),
            "stream_options": self._dialect.stream and not self._dialect.stream_options,
        }
        return tuple(name for name, missing in without.items() if missing)

    async def _book(self, reply: Reply) -> Usage:
        """Tell the guard what the attempt used, and let the counter learn from it."""
        tokens, request = self._endpoint.tokens, self._request
        usage = reported_usage(reply.usage)
        if usage is None:
            prompt = tokens.count_messages(request.messages, request.tools)
            usage = Usage(prompt, tokens.count(reply.written()), estimated=True)
        elif tokens.wants_calibration(self._model) and not has_images(request.messages):
            counted = tokens.count_messages(request.messages, request.tools if self._dialect.tools else ())
            tokens.calibrate(self._model, counted, usage.prompt_tokens)
        cost = cost_of(usage, self._model, self._endpoint.prices)
        await self._endpoint.spend.charge(usage, cost, request.purpose)
        return usage


def as_timeout(model: str, partial: str) -> LLMError:
    """The error of a deadline that passed."""
    return LLMError("timeout", f"{model}: no complete answer in time", partial=partial)
