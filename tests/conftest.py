"""What holds for every test: no network, no settings of the developer's shell, and the shared fixtures."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import require
from tests.support.network import forbid_network

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["tests.support.databases", "tests.support.chromium", "tests.support.product_fixtures"]

forbid_network()

# What is imported stays: the collector need not walk through it, neither while it is imported nor afterwards.
gc.disable()

# No example has a deadline: machines are shared. The same examples are drawn each time, unless one explores.
settings.register_profile("house", deadline=None, derandomize="EXPLORE" not in os.environ)
settings.load_profile("house")


def pytest_configure() -> None:
    """Stop early on a misspelt REQUIRE, and forget settings that the shell exports."""
    require.required()
    example = ROOT / ".env.example"
    lines = example.read_text().splitlines() if example.exists() else []
    for line in lines:
        name = line.lstrip("# ").partition("=")[0]
        if name.isidentifier() and name.isupper():
            os.environ.pop(name, None)


def pytest_collection_finish() -> None:
    """Collect from now on, but only what tests leave behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's directory."""
    return ROOT
