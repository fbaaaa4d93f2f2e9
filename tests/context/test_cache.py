"""Fifty turns in which everything changes: most of each prompt is the beginning of the one before it."""

from __future__ import annotations

import asyncio
import statistics

import pytest

from benchmarks.context_cache import measure
from benchmarks.context_talk import GROUP, PRIVATE
from bot.core.messages import ChatRef
from tests.context.making import Quarters


@pytest.mark.parametrize(("chat", "least", "moves"), [(PRIVATE, 0.8, 9), (GROUP, 0.72, 12)])
def test_most_of_a_prompt_is_already_known(chat: ChatRef, least: float, moves: int) -> None:
    steps = asyncio.run(measure(chat, 8000, Quarters()))
    assert len(steps) == 49
    assert statistics.mean(step.tokens for step in steps) >= least
    assert sum(step.moved for step in steps) <= moves
    assert all(step.tokens >= 0.6 for step in steps if not step.moved and step.event is None)
