"""Logging: structlog through the standard library, with secrets cut out of every line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{20,}\b")
"""What a bot token looks like, wherever a library prints one."""


class Redactor:
    """A processor that replaces known secrets and anything that looks like a bot token."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(s for s in secrets if len(s) >= 6)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return TOKEN.sub("[token]", text)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        """Clean every text of an event, tracebacks included."""
        return {key: self.clean(value) if isinstance(value, str) else value for key, value in event.items()}


def configure_logging(secrets: Iterable[str] = (), level: int = logging.INFO) -> None:
    """Send all logging to standard error, one readable line an event."""
    redact = Redactor(secrets)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiogram.event", "apscheduler", "httpx", "httpx2", "uvicorn.access", "alembic", "openai"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
