"""The messenger page in a browser, one server for each module; and the rehearsal model over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver import Chrome

from tests.playground.messenger import Page
from tests.playground.page import RunningPage, running_page

if TYPE_CHECKING:
    from tests.support.rehearsal import Rehearsal


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    """The page over an emulator and a small bot."""
    with running_page(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture
def page(browser: Chrome, site: RunningPage) -> Iterator[Page]:
    """A fresh window; the browser must have nothing to complain about in the end."""
    yield Page(browser, site)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    bad = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert not bad, bad


@pytest.fixture
async def rehearsal() -> AsyncIterator[Rehearsal]:
    """The rehearsal model behind an OpenAI client."""
    from tests.support.rehearsal import running_rehearsal

    async with running_rehearsal() as running:
        yield running
