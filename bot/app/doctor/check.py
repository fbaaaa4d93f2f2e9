"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, what was found, and for all but "ok" what to do."""

    name: str
    state: State
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(name, "ok", found)


def warning(name: str, found: str, advice: str) -> Check:
    """It works, though not as it could."""
    return Check(name, "warning", found, advice)


def failed(name: str, found: str, advice: str) -> Check:
    """The bot cannot do its work so."""
    return Check(name, "failed", found, advice)


def skipped(name: str, found: str) -> Check:
    """Nothing is configured that could be looked at."""
    return Check(name, "skipped", found)
