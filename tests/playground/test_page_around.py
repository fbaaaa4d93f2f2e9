"""Around the talk: commands, pictures, people, panel, languages, phones, in a real browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from tests.playground.echo_bot import STEPS
from tests.playground.messenger import ANN, CAMPING, CHEN, OKSANA, Page
from tests.playground.page import running_page

pytestmark = pytest.mark.chromium


def test_commands_in_ones_own_language(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    page.write("/mem", end="")
    assert page.one(".command-row").text == "/memories\nЩо я про вас пам'ятаю"
    page.one("#composer-text").send_keys(Keys.ENTER)
    page.last("echo: /memories")
    page.visit(ANN, ANN)
    page.one(".command-button").click()
    page.one(".command-row", "/new")
    assert [row.text.splitlines()[0] for row in page.all(".command-row")] == ["/memories", "/new"]


def test_a_picture_goes_and_is_shown(page: Page, tmp_path: Path) -> None:
    Image.new("RGB", (900, 500), (40, 120, 90)).save(tmp_path / "tent.png")
    page.visit(ANN, ANN)
    page.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(tmp_path / "tent.png"))
    assert "tent.png" in page.one(".file-chip").text
    page.write("Our tent")
    page.last("A picture!")
    image = page.one(".photo img")
    assert page.until(lambda: page.js("return arguments[0].naturalWidth", image)) == 900
    page.one(".photo").click()
    page.one("dialog.lightbox img").click()
    page.until(lambda: not page.all("dialog"))


def test_new_people_groups_and_members(page: Page) -> None:
    page.visit(ANN, ANN)
    page.one(".face-new").click()
    page.one("input[name=first_name]").send_keys("Dana <i>")
    page.one("dialog .primary").click()
    page.until(lambda: "Dana <i>" in page.one(".chats strong").text)
    page.one(".plain", "New group").click()
    page.one("input[name=title]").send_keys("Cinema")
    page.one("dialog .choice", "Chen Wei").click()
    page.one("dialog .primary").click()
    page.until(lambda: page.one(".conversation-head h2").text == "Cinema")
    page.until(lambda: "3 members" in page.one(".conversation-head p").text)
    page.one('.conversation-head [aria-label="Members"]').click()
    page.one('[aria-label="Add: Borys Shevchuk"]').click()
    page.one('[aria-label="Remove: Borys Shevchuk"]')
    page.until(lambda: "4 members" in page.one(".conversation-head p").text)


def test_the_steps_of_a_message(page: Page) -> None:
    page.visit(CHEN, CHEN)
    page.write("grow")
    page.last(STEPS[-1]).send_keys(Keys.ENTER)
    page.one(".menu-item", "What the bot did").click()
    entry = page.one(".entry")
    assert page.one('[data-tab="trace"]').get_attribute("aria-selected") == "true"
    page.until(lambda: "changed it 2 times" in page.one(".entry").text)
    words = [step.text for step in entry.find_elements(By.CSS_SELECTOR, ".step-what")]
    assert words == ["showed “typing”", "sent a message", "changed it 2 times"]


def test_connecting_says_what_is_wrong_and_what_is_next(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    page.panel("connect")
    assert "Rehearsal model" in page.one(".model-status").text
    page.one("input[name=token]").send_keys("hello", Keys.ENTER)
    assert "123456789:AbC…" in page.one(".telegram-form .bad").text
    page.one(".example", "qwen3:4b").click()
    assert "make run" in page.one(".model-form .good").text
    assert "LLM_MODEL=qwen3:4b\n" in (page.site.folder / ".env").read_text()
    page.browser.get_log("browser")  # the refused token is a 422, which the console reports


def test_the_page_speaks_three_languages(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    page.panel("guide")
    for code, word in (("uk", "Ви —"), ("ru", "Вы —"), ("en", "You are")):
        page.one(f'.languages [lang="{code}"]').click()
        assert page.one(".identity").text.startswith(word)
        assert page.js("return document.documentElement.lang") == code
        assert page.one("#composer-text").get_attribute("placeholder")
        assert page.all(".abilities li")


def test_every_word_is_there_in_every_language(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    script = """
      const done = arguments[0];
      const load = (code) => import(`/playground/static/lang/${code}.js`).then((module) => module.default);
      const holes = (word) => [...new Set(JSON.stringify(word).match(/\\{\\w+\\}/g) ?? [])].sort().join();
      Promise.all(['en', 'uk', 'ru'].map(load)).then(([en, ...others]) => done(others.map((words) => [
        Object.keys(en).filter((key) => !(key in words) || holes(en[key]) !== holes(words[key])),
        Object.keys(words).filter((key) => !(key in en)),
      ])));
    """
    assert page.browser.execute_async_script(script) == [[[], []], [[], []]]


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_one_column_at_a_time(page: Page, width: int) -> None:
    size = {"width": width, "height": 780, "deviceScaleFactor": 2, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.visit(ANN)
    assert not page.all(".conversation")
    page.one(".chat-row", "Camping").click()
    page.until(lambda: not page.all(".chats"))
    page.write(f"On the way, {width}")
    page.last(f"echo: On the way, {width}")
    assert page.js("return document.documentElement.scrollWidth") == width
    too_wide = "return [...document.querySelectorAll('.conversation *')].filter(e => e.checkVisibility() && "
    too_wide += "!e.closest('.message-tools') && e.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.js(too_wide) == 0
    page.one('[aria-label="About this playground"]').click()
    page.one(".panel .card")
    page.one(".panel-close").click()
    page.one('[aria-label="Back to the chats"]').click()
    page.one(".chat-row", "Camping")
    assert not page.all(".conversation")


def test_a_reload_keeps_person_and_chat_and_the_way_back_works(page: Page) -> None:
    page.visit(ANN, ANN)
    page.one(".chat-row", "Camping").click()
    page.one(f'.face[data-person="{CHEN}"]').click()
    page.browser.refresh()
    page.until(lambda: page.js("return document.body.dataset.ready") == "yes")
    assert page.one(".chats strong").text == "Chen Wei"
    assert page.one(".conversation-head h2").text == "Camping"
    page.browser.back()
    page.until(lambda: page.one(".chats strong").text == "Ann Miller")
    assert str(CAMPING) in page.browser.current_url


def test_the_page_goes_on_when_the_bot_is_back(browser: Chrome, tmp_path: Path) -> None:
    with running_page(tmp_path) as site:
        page = Page(browser, site)
        page.visit(ANN, ANN)
        page.write("before")
        page.last("echo: before")
    page.one(".toast", "The bot is not running")
    page.write("lost")
    page.one(".toast-error")
    assert page.one("#composer-text").get_attribute("value") == "lost"
    with running_page(tmp_path, urlsplit(site.base).port or 0):
        page.until(lambda: "@mnema_bot" in page.one(".conversation-head p").text, 15)
        page.one("#composer-text").send_keys(" and found", Keys.ENTER)
        page.last("echo: lost and found")
        assert "echo: before" in page.one(".messages").text
