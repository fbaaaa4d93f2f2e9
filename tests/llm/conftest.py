"""One folder of token ranks for all tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ranks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the ranks are unpacked once."""
    return tmp_path_factory.mktemp("ranks")
