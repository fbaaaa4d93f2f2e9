"""Fixtures: Debian's Chromium without a window, driven by selenium, cut off from the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.support import require

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--force-prefers-reduced-motion",
    "--window-size=1280,900",
    # A page that asks another host for a script or a font must fail here as it would behind a firewall.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One Chromium process for the session, with a profile of its own; tests take `browser`."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if binary is None or driver_path is None:
        require.missing("chromium", "no chromium or no chromedriver in PATH")
    home = tmp_path_factory.mktemp("chromium")
    try:
        driver = Chrome(options=_options(binary, home), service=_service(driver_path, home))
    except WebDriverException as error:
        require.missing("chromium", f"it does not start: {error.msg}")
    try:
        driver.set_page_load_timeout(30)
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """A Chromium with one fresh window and no cookies; `get_log("browser")` holds this test's console."""
    first = chromium.current_window_handle
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.get_log("browser")
    chromium.switch_to.new_window("tab")
    yield chromium
    for handle in chromium.window_handles:
        if handle != first:
            chromium.switch_to.window(handle)
            _forget_storage(chromium)
            chromium.close()
    chromium.switch_to.window(first)


def _forget_storage(chromium: Chrome) -> None:
    """Local storage and caches of the page's origin, which outlive its window."""
    origin = chromium.execute_script("return location.origin")
    if origin and origin != "null":
        what = {"origin": origin, "storageTypes": "all"}
        chromium.execute_cdp_cmd("Storage.clearDataForOrigin", what)


def _options(binary: str, home: Path) -> ChromeOptions:
    options = ChromeOptions()
    options.binary_location = binary
    for flag in (*_FLAGS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    downloads = {"download.default_directory": str(home / "downloads")}
    options.add_experimental_option("prefs", downloads)
    return options


def _service(driver_path: str, home: Path) -> ChromeService:
    # The crash reporter and the caches go to the home directory unless they are told otherwise.
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    return ChromeService(executable_path=driver_path, log_output=str(home / "driver.log"), env=environment)
