"""The embedding model of the house: an OpenAI-compatible endpoint that turns texts into vectors."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.core.errors import LLMError
from bot.core.llm import Completion, Usage
from bot.core.ports import Clock, TokenCounter
from bot.llm.asking import as_timeout
from bot.llm.breaker import Breaker
from bot.llm.faults import Fault, fault_of_status
from bot.llm.spend import SpendGuard, Unlimited, cost_of
from bot.llm.wire import OPENAI_URL, Wire
from bot.settings import Price

PURPOSE = "embedding"
"""The spender in the usage ledger."""

BATCH = 64
"""Texts of one request."""

TEXT_LENGTH = 6000
"""Characters of a text that are embedded; common models take some 8,000 tokens."""

PATIENCE, EACH = 8.0, 1.0
"""Seconds that a request may take, and more for each of its texts: a small server needs them."""

Account = Callable[[Completion], Awaitable[None]]


class OpenAIEmbedder:
    """An `Embedder` behind an OpenAI-compatible endpoint; `account` is told of every paid request.

    After five failures in a row nothing is asked for half a minute, so that searches lose no time.
    """

    def __init__(
        self,
        model: str,
        clock: Clock,
        tokens: TokenCounter,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        prices: Mapping[str, Price] | None = None,
        spend: SpendGuard | None = None,
        account: Account | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._model = model
        self._tokens = tokens
        self._wire = Wire(base_url or OPENAI_URL, api_key)
        self._breaker = Breaker(clock)
        self._prices = prices or {}
        self._spend = spend or Unlimited()
        self._account = account
        self._patience = patience
        self._dims: int | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    @property
    def dims(self) -> int | None:
        """Numbers of a vector; None until the model has answered once."""
        return self._dims

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order; zeros for a blank one. Raises LLMError."""
        cut = [text[:TEXT_LENGTH].strip() for text in texts]
        asked = [text for text in cut if text]
        made: list[list[float]] = []
        for start in range(0, len(asked), BATCH):
            made += await self._request(asked[start : start + BATCH])
        vectors = iter(made)
        return [next(vectors) if text else [0.0] * (self._dims or 1) for text in cut]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def _request(self, texts: list[str]) -> list[list[float]]:
        await self._spend.check(PURPOSE)
        self._breaker.enter(self._model)
        failed: bool | None = None
        try:
            async with asyncio.timeout(self._patience + EACH * len(texts)):
                answer = await self._ask(texts)
            vectors = _vectors(answer, len(texts))
            failed = False
        except TimeoutError:
            failed = True
            raise as_timeout(self._model, "") from None
        except Fault as fault:
            failed = fault.kind == "unavailable"
            raise fault.as_error(self._model) from None
        finally:
            self._breaker.leave(failed)
        self._dims = len(vectors[0])
        await self._book(answer, texts)
        return vectors

    async def _ask(self, texts: list[str]) -> Any:
        client = await self._wire.client()
        import httpx2
        import openai

        broken: Fault
        try:
            return await client.embeddings.create(model=self._model, input=texts, encoding_format="float")
        except openai.APIStatusError as error:
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            broken = fault_of_status(error.status_code, headers, error.body)
        except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
            broken = Fault("unavailable", type(error).__name__)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            broken = Fault("bad_response", type(error).__name__)
        # Outside the handlers: the SDK's errors carry the request, which must not follow ours into a log.
        raise broken

    async def _book(self, answer: Any, texts: list[str]) -> None:
        reported = getattr(getattr(answer, "usage", None), "prompt_tokens", None)
        known = isinstance(reported, int) and reported > 0
        counted = reported if known else sum(map(self._tokens.count, texts))
        usage = Usage(int(counted or 0), 0, estimated=not known)
        cost = cost_of(usage, self._model, self._prices)
        await self._spend.charge(usage, cost, PURPOSE)
        if self._account is not None:
            await self._account(Completion("", (), "stop", usage, self._model, cost))


def _vectors(answer: Any, wanted: int) -> list[list[float]]:
    """The vectors of an answer in the order of the texts. Raises Fault when it makes no sense."""
    rows = getattr(answer, "data", None)
    if not isinstance(rows, list) or len(rows) != wanted:
        raise Fault("bad_response", "not one vector a text")
    try:
        placed = {
            int(row.index if row.index is not None else at): row.embedding for at, row in enumerate(rows)
        }
        vectors = [[float(number) for number in placed[at]] for at in range(wanted)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Fault("bad_response", type(error).__name__) from None
    sizes = {len(vector) for vector in vectors}
    if len(sizes) != 1 or sizes == {0} or not all(map(math.isfinite, (n for v in vectors for n in v))):
        raise Fault("bad_response", "vectors that are none")
    return vectors


def is_hopeless(error: LLMError) -> bool:
    """Whether a text cannot be embedded, however often one asks."""
    return error.kind in ("too_large", "refused", "bad_response")
