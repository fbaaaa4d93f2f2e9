"""One line format for every library, and no secret in any line."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator

import pytest
import structlog

from bot.app.disk import SENTENCE
from bot.app.logs import configure_logging

TOKEN = "123456789:AAAbbbCCCdddEEEfffGGGhhhIIIjjj"
KEY = "sk-nobody-may-read-this"


@pytest.fixture
def logging_configured() -> Iterator[None]:
    """The product's logging for one test; pytest's own afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    named = {name: logging.getLogger(name).level for name in ("uvicorn.error", "openai", "apscheduler")}
    configure_logging([KEY])
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in named.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_configured")
def test_both_kinds_of_loggers_print_alike_and_hide_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging([KEY])
    structlog.get_logger("bot.telegram.face").warning("telegram_ready", bot="@mnema", url=f"/bot{TOKEN}/x")
    logging.getLogger("bot.core").warning("asked %s with %s", f"https://x/bot{TOKEN}/getMe", KEY)
    structlog.get_logger("bot.web").error("refused", headers={"authorization": f"Bearer {KEY}"})
    try:
        raise RuntimeError(f"POST /bot{TOKEN} {KEY}")
    except RuntimeError:
        logging.getLogger("bot.core").exception("failed")
        structlog.get_logger("bot.web").exception("failed too")
    out, err = capsys.readouterr()
    assert out == ""
    assert TOKEN not in err
    assert KEY not in err
    assert "RuntimeError: POST /bot[token] [secret]" in err
    first, second, third = err.splitlines()[:3]
    for line in (first, second, third):
        assert line[2] == line[5] == ":"
    assert "[warning  ] telegram_ready" in first
    assert "bot.telegram.face" in first
    assert "[warning  ] asked https://x/bot[token]/getMe with [secret]" in second
    assert "Bearer [secret]" in third


@pytest.mark.usefixtures("logging_configured")
def test_libraries_keep_their_chatter(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("uvicorn.error", "openai", "apscheduler"):
        logging.getLogger(name).info("Waiting for application startup.")
    structlog.get_logger("bot").debug("detail")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("logging_configured")
def test_a_full_disk_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    for log in (logging.getLogger("bot.jobs"), structlog.get_logger("bot.telegram")) * 3:
        try:
            try:
                raise sqlite3.OperationalError("database or disk is full")
            except sqlite3.OperationalError as error:
                raise RuntimeError("the write failed") from error
        except RuntimeError as error:
            log.exception("cannot store")
            logging.getLogger("bot.telegram").warning("polling failed: %s", error)
    logging.getLogger("bot.jobs").warning("something else")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert SENTENCE in lines[0]
    assert "something else" in lines[1]


@pytest.mark.usefixtures("logging_configured")
def test_a_full_disk_heard_of_by_structlog_first(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        raise OSError(28, "No space left on device")
    except OSError:
        structlog.get_logger("bot.telegram").exception("cannot store", chat=5)
    (line,) = capsys.readouterr().err.splitlines()
    assert SENTENCE in line
    assert "[error" in line
