"""The messenger page as a person uses it in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.playground.page import RunningPage

OKSANA, ANN, BORYS, CHEN = range(500000001, 500000005)
CAMPING = -1001000000001


class Page:
    """Does and sees what a person does and sees."""

    def __init__(self, browser: Chrome, site: RunningPage) -> None:
        self.browser, self.site = browser, site

    def visit(self, person: int, chat: int | None = None) -> None:
        self.browser.get("about:blank")
        self.browser.get(f"{self.site.base}/#/{person}" + (f"/{chat}" if chat else ""))
        self.until(lambda: self.js("return document.body.dataset.ready") == "yes")

    def js(self, script: str, *args: Any) -> Any:
        return self.browser.execute_script(script, *args)

    def until(self, found: Callable[[], Any], seconds: float = 8) -> Any:
        wait = WebDriverWait(self.browser, seconds, 0.05, [StaleElementReferenceException])
        return wait.until(lambda _: found())

    def all(self, css: str) -> list[WebElement]:
        return [one for one in self.browser.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]

    def one(self, css: str, text: str = "") -> WebElement:
        found: WebElement = self.until(
            lambda: next((each for each in self.all(css) if text in each.text), None)
        )
        return found

    def write(self, text: str, end: str = Keys.ENTER) -> None:
        self.one("#composer-text").send_keys(text, end)

    def panel(self, tab: str) -> None:
        """Open the panel at a tab."""
        if not self.all(".panel"):
            self.one('[aria-label="About this playground"]').click()
        self.one(f'[data-tab="{tab}"]').click()

    def menu(self, words: str) -> None:
        """Choose from the menu of the chat that is open."""
        self.one('[aria-label="Chat menu"]').click()
        self.one(".menu-item", words).click()

    def last(self, text: str) -> WebElement:
        """The last message, once it holds the text."""
        found: WebElement = self.until(
            lambda: next((m for m in self.all(".message[data-id]")[-1:] if text in m.text), None)
        )
        return found
