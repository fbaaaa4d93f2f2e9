"""The page of the document in a browser, under the closed house's own rules."""

from __future__ import annotations

import asyncio

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from bot.api.mount import api_routers, mount
from bot.api.services import Services
from bot.web.app import make_web
from tests.support.serving import serving


@pytest.mark.chromium
async def test_the_page_shows_the_document_and_nothing_is_refused(browser: Chrome) -> None:
    web = make_web(api_routers())
    mount(web, Services())
    async with serving(web) as base:
        paths = await asyncio.to_thread(_open, browser, f"{base}/docs")
    assert "/chat/" in paths
    bad = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert not bad, bad


def _open(browser: Chrome, page: str) -> list[str]:
    browser.get(page)
    css = ".opblock-summary-path"
    WebDriverWait(browser, 20, 0.05).until(lambda b: b.find_elements(By.CSS_SELECTOR, css))
    return [one.get_attribute("data-path") or "" for one in browser.find_elements(By.CSS_SELECTOR, css)]
