"""The daily cap on money, and the lost attempts that nobody else would write into the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.core.errors import LLMError
from bot.core.llm import Completion, LLMRequest, Usage
from bot.core.ports import LLM, Clock, TokenCounter
from bot.db.engine import Database
from bot.db.repositories import ledger
from bot.settings import Price

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Charge:
    usage: Usage
    cost: float | None


_charges: ContextVar[list[_Charge] | None] = ContextVar("charges", default=None)
"""What the call of the present task has paid so far."""


class SpendLimit:
    """The `SpendGuard` of the house: `limit` dollars a UTC day for every call, None for no cap.

    The day's dollars are what the ledger holds (so restarts and replicas count), and at least what this
    process found there first plus all it was charged since (so an attempt counts before its row is there).
    """

    def __init__(self, limit: float | None, database: Database, clock: Clock) -> None:
        self.limit = limit
        self._db = database
        self._clock = clock
        self._day: date | None = None
        self._found: float | None = None
        self._charged = 0.0
        self._reserved: list[float] = []
        self._ended = asyncio.Event()
        self._told: date | None = None

    async def check(self, purpose: str) -> None:
        """Let an attempt go out. Raises LLMError("spend_limit") once the day's dollars are used up."""
        if self.limit is not None and await self.spent() >= self.limit:
            raise self._refusal(purpose, self.limit)

    async def charge(self, usage: Usage, cost: float | None, purpose: str) -> None:
        """Count what an attempt used; never waits, since the attempt may be being cancelled."""
        self._charged += cost or 0.0
        paid = _charges.get()
        if paid is not None:
            paid.append(_Charge(usage, cost))

    async def spent(self) -> float:
        """Dollars spent today, in flight not included."""
        midnight = self._midnight()
        if self._day != midnight.date():
            self._day, self._found, self._charged = midnight.date(), None, 0.0
        stored = await self._db.read(lambda s: ledger.spent_since(s, midnight))
        if self._found is None:
            self._found = stored
        return max(stored, self._found + self._charged)

    @asynccontextmanager
    async def reserve(self, dollars: float, purpose: str) -> AsyncIterator[None]:
        """Hold back what a call may cost while it runs.

        A call that would not fit beside those under way waits for their end, so that together they overshoot
        by one call at most. Raises LLMError("spend_limit").
        """
        if self.limit is None:
            yield
            return
        await self._fit(dollars, purpose, self.limit)
        self._reserved.append(dollars)
        try:
            yield
        finally:
            self._reserved.remove(dollars)
            self._ended.set()
            self._ended = asyncio.Event()

    async def _fit(self, dollars: float, purpose: str, limit: float) -> None:
        while True:
            spent = await self.spent()
            if spent >= limit:
                raise self._refusal(purpose, limit)
            if not self._reserved or spent + sum(self._reserved) + dollars <= limit:
                return
            await self._ended.wait()

    def _midnight(self) -> datetime:
        return self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def _refusal(self, purpose: str, limit: float) -> LLMError:
        midnight = self._midnight()
        if self._told != midnight.date():
            self._told = midnight.date()
            log.warning("DAILY_SPEND_LIMIT of $%g is reached: no model is called until 00:00 UTC", limit)
        left = (midnight + timedelta(days=1) - self._clock.now()).total_seconds()
        return LLMError("spend_limit", f"the day's limit is reached ({purpose})", retry_after=left)


class MeteredLLM:
    """An `LLM` under a spend limit, whose lost attempts reach the ledger.

    The completion that a caller gets is the caller's to write into the ledger, together with what it was
    for. What was paid besides (a broken answer, a cancelled one) is written here, before the call returns.
    """

    def __init__(
        self,
        llm: LLM,
        limit: SpendLimit,
        database: Database,
        clock: Clock,
        tokens: TokenCounter,
        prices: Mapping[str, Price],
    ) -> None:
        self._llm = llm
        self._limit = limit
        self._db = database
        self._clock = clock
        self._tokens = tokens
        self._prices = prices

    @property
    def model(self) -> str:
        """The configured model's name."""
        return self._llm.model

    async def complete(self, request: LLMRequest, on_text: Callable[[str], None] | None = None) -> Completion:
        """Run one call; see `bot.core.ports.LLM`. Raises LLMError, "spend_limit" among its kinds."""
        async with self._limit.reserve(self._worst(request), request.purpose):
            paid: list[_Charge] = []
            outer = _charges.set(paid)
            kept: Completion | None = None
            try:
                kept = await self._llm.complete(request, on_text)
                return kept
            finally:
                _charges.reset(outer)
                await self._book([c for c in paid if kept is None or c.usage is not kept.usage], request)

    async def warm(self) -> None:
        """Let the model load what it needs."""
        warming = getattr(self._llm, "warm", None)
        if warming is not None:
            await warming()

    async def aclose(self) -> None:
        """Close the model's connections."""
        closing = getattr(self._llm, "aclose", None)
        if closing is not None:
            await closing()

    def _worst(self, request: LLMRequest) -> float:
        """Dollars that a single attempt may cost at most, at the dearest configured price."""
        if self._limit.limit is None or not self._prices:
            return 0.0
        prompt = self._tokens.count_messages(request.messages, request.tools)
        dearest_in = max(price.input for price in self._prices.values())
        dearest_out = max(price.output for price in self._prices.values())
        return (prompt * dearest_in + request.max_tokens * dearest_out) / 1e6

    async def _book(self, lost: list[_Charge], request: LLMRequest) -> None:
        if not lost:
            return
        now, model = self._clock.now(), request.model or self.model

        def unit(session: Session) -> None:
            for charge in lost:
                attempt = Completion("", (), "truncated", charge.usage, model, charge.cost)
                ledger.charge(session, attempt, request.purpose, now)

        try:
            await self._db.write(unit)
        except (SQLAlchemyError, OSError):
            # The limit counts it all the same; a good answer must not be lost for the sake of its account.
            log.exception("%d paid attempts are missing in the ledger", len(lost))
