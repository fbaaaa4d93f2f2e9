"""Incognito in the product: the erasing jobs, and the look for what still has to be erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.jobs.registry import RetryPolicy
from bot.jobs.schedule import Tick
from bot.services.incognito import JOB, Incognito, due_erasures

if TYPE_CHECKING:
    from bot.app.wiring import App

LOOK_EVERY = 900.0

RETRIES = RetryPolicy(attempts=10, patience=86_400.0, first_pause=5.0, longest_pause=3600.0)
"""A promise was made: what fails is tried for a day; then it is a dead letter that somebody sees."""


def attach_incognito(app: App) -> list[Tick]:
    """Register the erasing jobs."""
    app.jobs.register(JOB, Incognito(app.database, app.clock).erase, RETRIES)
    return [Tick("incognito", LOOK_EVERY, due_erasures)]
