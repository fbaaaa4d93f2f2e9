"""Texts are cut in the middle, to the budget and not far below it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.cut import cut_middle
from bot.llm import Tokens


@pytest.fixture(scope="module")
def counter(ranks_dir: Path) -> Tokens:
    return Tokens("gpt-4o-mini", ranks_dir)


@given(text=st.text(max_size=400), budget=st.integers(-1, 60))
@settings(max_examples=150, deadline=None)
def test_it_always_fits(text: str, budget: int, counter: Tokens) -> None:
    cut = cut_middle(text, budget, counter)
    assert counter.count(cut) <= max(0, budget)
    if counter.count(text) <= budget:
        assert cut == text


def test_head_and_tail_stay(counter: Tokens) -> None:
    text = "the beginning " + "filler words " * 500 + "the very end"
    cut = cut_middle(text, 50, counter)
    assert cut.startswith("the beginning filler")
    assert cut.endswith("the very end")
    assert " … " in cut
    assert 40 <= counter.count(cut) <= 50


def test_a_budget_too_small_for_the_mark_gets_a_head(counter: Tokens) -> None:
    assert cut_middle("alpha beta gamma", 1, counter) == "alpha"
    assert cut_middle("alpha beta gamma", 0, counter) == ""


def test_megabytes_are_cut_quickly(counter: Tokens) -> None:
    text = "word " * 400_000
    start = time.process_time()
    cut = cut_middle(text, 2000, counter)
    assert time.process_time() - start < 1.0
    assert 1900 <= counter.count(cut) <= 2000
