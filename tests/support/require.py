"""What the machine may lack: a skip by default, a failure where the caller said REQUIRE."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

KNOWN = frozenset({"postgres", "chromium"})


def required() -> frozenset[str]:
    """The parts that must be there, from REQUIRE, e.g. `REQUIRE=postgres,chromium`.

    Raises `pytest.UsageError` for a word that names no part: a typing error must not switch tests off.
    """
    words = frozenset(word.strip() for word in os.environ.get("REQUIRE", "").split(",") if word.strip())
    if unknown := words - KNOWN:
        raise pytest.UsageError(f"REQUIRE names {sorted(unknown)}; known: {sorted(KNOWN)}")
    return words


def missing(part: str, reason: str) -> NoReturn:
    """Skip the test for want of `part`, or fail it when REQUIRE names the part."""
    if part in required():
        pytest.fail(f"{part} is required here: {reason}", pytrace=False)
    pytest.skip(f"{part}: {reason}")
