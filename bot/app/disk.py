"""A full disk, said once and in one line, however many rooms stumble over it."""

from __future__ import annotations

import logging
import sys
import time

SENTENCE = (
    "the disk is full: nothing more can be stored, and messages wait at Telegram until there is room again; "
    "free some space on the disk of DATA_DIR"
)
REMINDER = 600.0
"""Seconds between two lines about the same full disk."""

_SIGNS = ("database or disk is full", "No space left on device", "could not extend file")


class FullDisk(logging.Filter):
    """Turns the first traceback about a full disk into one sentence; drops those that follow for a while."""

    def __init__(self, reminder: float = REMINDER) -> None:
        super().__init__()
        self._reminder = reminder
        self._told: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything else pass."""
        if not is_disk_full(_error_of(record)):
            return True
        now = time.monotonic()
        if self._told is not None and now - self._told < self._reminder:
            return False
        self._told = now
        record.levelno, record.levelname = logging.ERROR, "ERROR"
        if isinstance(record.msg, dict):  # structlog's own loggers
            record.msg = {**record.msg, "event": SENTENCE, "level": "error", "exc_info": None}
        else:
            record.msg, record.args = SENTENCE, ()
        record.exc_info = record.exc_text = None
        return True


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that there is no room on the disk."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if any(sign in str(error) for sign in _SIGNS):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _error_of(record: logging.LogRecord) -> BaseException | None:
    found = record.msg.get("exc_info") if isinstance(record.msg, dict) else record.exc_info
    if isinstance(found, BaseException):
        return found
    if isinstance(found, tuple):
        error: BaseException | None = found[1]
        return error
    if found is True:
        return sys.exc_info()[1]
    arguments = record.args if isinstance(record.args, tuple) else ()
    return next((value for value in arguments if isinstance(value, BaseException)), None)
