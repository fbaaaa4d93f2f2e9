"""Requests that may be sent again: the same key gets the first answer, and nothing is done twice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.ports import Clock
from bot.db.engine import Database
from bot.db.models import IdempotentAnswer
from bot.db.repositories import idempotency

KEPT = timedelta(hours=24)
"""For so long the first answer is given again."""

LEASE = timedelta(minutes=5)
"""For so long a request may stay unanswered before another with its key takes it over."""

_SEED = "seed"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The request is to be done. `seed` is the same for a request that takes over from a lost one.

    What the request makes can draw its ids from the seed, and find what the lost one had made.
    """

    seed: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that was given first."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Busy:
    """The first request with this key has no answer yet."""


@dataclass(frozen=True, slots=True)
class Reused:
    """The key belongs to another request."""


class Idempotency:
    """The answers under their callers' keys."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def begin(self, caller: str, key: str, digest: str) -> Claimed | Stored | Busy | Reused:
        """Take the key for a request whose content `digest` stands for, or learn what stands there."""
        now, seed = self._clock.now(), secrets.token_hex(16)
        row = {
            "caller": caller, "key": key, "request_digest": digest, "headers": {_SEED: seed},
            "created_at": now,
        }  # fmt: skip

        def unit(session: Session) -> Claimed | Stored | Busy | Reused:
            held = idempotency.claim(session, row)
            return Claimed(seed) if held is None else _met(held, digest, seed, now)

        return await self._db.write(unit)

    async def finish(self, caller: str, key: str, answer: Stored) -> None:
        """Keep the answer of a claimed request."""
        now = self._clock.now()

        def unit(session: Session) -> None:
            held = session.get(IdempotentAnswer, (caller, key), with_for_update=True)
            if held is not None:
                held.status, held.headers, held.body = answer.status, dict(answer.headers), answer.body
                held.created_at = now

        await self._db.write(unit)

    async def release(self, caller: str, key: str) -> None:
        """A claimed request failed: the next one with its key begins anew."""
        await self._db.write(lambda s: idempotency.drop(s, caller, key))

    async def abandon(self, caller: str, key: str) -> None:
        """Nobody waits for the answer any more: the next request with the key takes over, seed and all."""
        past = self._clock.now() - LEASE

        def unit(session: Session) -> None:
            held = session.get(IdempotentAnswer, (caller, key), with_for_update=True)
            if held is not None and held.status is None:
                held.created_at = past

        await self._db.write(unit)

    async def abandon_all(self) -> None:
        """The same for all, at the start of the only process that serves this database."""
        past = self._clock.now() - LEASE
        await self._db.write(lambda s: idempotency.let_go(s, past))


def forget_old(session: Session, now: datetime) -> int:
    """Remove answers whose time is over; returns how many."""
    return idempotency.drop_before(session, now - KEPT)


def _met(held: IdempotentAnswer, digest: str, seed: str, now: datetime) -> Claimed | Stored | Busy | Reused:
    age = now - held.created_at
    if age >= KEPT:
        held.request_digest, held.headers, held.created_at = digest, {_SEED: seed}, now
        held.status, held.body = None, None
        return Claimed(seed)
    if held.request_digest != digest:
        return Reused()
    if held.status is not None:
        return Stored(held.status, held.headers, held.body or b"")
    if age < LEASE:
        return Busy()
    held.created_at = now
    return Claimed(str(held.headers[_SEED]))
