"""Engines of one kind share their dialect and what it compiled: tests open many, on one schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_ready: dict[tuple[object, ...], Dialect] = {}
"""A dialect for each kind that has met its database."""

_compiled: LRUCache[Any, Any] = LRUCache(4000)

_sharing = False


def _kind(dialect: Any) -> tuple[object, ...]:
    return type(dialect), dialect._json_serializer, dialect._on_connect_isolation_level


def share_compiled() -> None:
    """Share from now on; for good."""
    global _sharing
    if _sharing:
        return
    _sharing = True
    made, initialized = Engine.__init__, DefaultDialect.initialize

    def make(engine: Engine, pool: Any, dialect: Dialect, *rest: Any, **named: Any) -> None:
        made(engine, pool, _ready.get(_kind(dialect), dialect), *rest, **named)
        engine._compiled_cache = _compiled

    def initialize(dialect: Any, connection: Any) -> None:
        initialized(dialect, connection)
        _ready.setdefault(_kind(dialect), dialect)

    Engine.__init__ = make  # type: ignore[assignment, method-assign]
    DefaultDialect.initialize = initialize  # type: ignore[assignment, method-assign]
