"""The panel's network tab, drafts with Stop, and refusals in the page's language."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from selenium.webdriver.support.ui import Select

from bot.playground.seed import DEFAULT_TOKEN
from tests.playground.echo_bot import DRAFT
from tests.playground.messenger import ANN, BORYS, CAMPING, OKSANA, Page

pytestmark = pytest.mark.chromium


def get_chat(page: Page, chat: int) -> int:
    """The status of a call that the bot itself never makes."""
    try:
        with urlopen(f"{page.site.base}/telegram/bot{DEFAULT_TOKEN}/getChat?chat_id={chat}") as answer:
            return int(answer.status)
    except HTTPError as refused:
        body = json.loads(refused.read())
        assert body["parameters"] == {"retry_after": 9}
        return refused.code


def test_faults_are_ordered_seen_and_taken_back(page: Page) -> None:
    page.visit(ANN, CAMPING)
    page.panel("network")
    method = Select(page.one("select[name=method]"))
    page.js("arguments[0].add(new Option('getChat', 'getChat'))", page.one("select[name=method]"))
    method.select_by_value("getChat")
    for name, value in (("seconds", "9"), ("times", "2")):
        page.js("arguments[0].value = arguments[1]", page.one(f"input[name={name}]"), value)
    page.js("arguments[0].click()", page.one("input[name=here]"))
    page.js("arguments[0].click()", page.one(".fault-form .primary"))
    order = page.one(".order", "429: too many requests")
    assert "getChat · Camping" in order.text
    assert get_chat(page, ANN) == 200
    assert get_chat(page, CAMPING) == 429
    page.until(lambda: "1/2" in page.one(".order").text)
    page.js("arguments[0].click()", page.one(".clear-faults"))
    page.until(lambda: not page.all(".order"))
    assert get_chat(page, CAMPING) == 200
    Select(page.one("select[name=what]")).select_by_value("garbage")
    assert not page.all("input[name=seconds]"), "seconds count for 429 and silence only"


def test_how_updates_come_and_the_switches(page: Page) -> None:
    page.visit(ANN, ANN)
    page.panel("network")
    assert "It polls (getUpdates)" in page.one(".network").text
    assert page.one(".figures").text.splitlines()[:2] == ["Waiting updates", "0"]
    for name in ("limits", "privacy"):
        switch = f"input[name={name}]"
        page.one(switch).click()
        page.one(f"{switch}:checked")
        page.browser.refresh()
        page.until(lambda: page.js("return document.body.dataset.ready") == "yes")
        page.panel("network")
        page.one(f"{switch}:checked").click()
        page.one(f"{switch}:not(:checked)")


def test_a_draft_is_shown_and_stopped(page: Page) -> None:
    page.visit(BORYS, BORYS)
    page.write("draft")
    assert page.one(".draft .dots").get_attribute("aria-label") == "Thinking…"
    page.one(".draft", DRAFT)
    page.one(".draft .key", "Stop").click()
    page.last(f"kept: {DRAFT}")
    assert not page.all(".draft")


def test_refusals_speak_the_page_s_language(page: Page) -> None:
    page.visit(OKSANA, CAMPING)
    page.one('.languages [lang="uk"]').click()
    page.js(
        "return import('/playground/static/toast.js').then(async ({ attempt }) => {"
        " const { api } = await import('/playground/static/api.js');"
        f" await attempt(() => api.setMember({CAMPING}, {BORYS}, {OKSANA}, 'administrator')); }})"
    )
    assert page.one(".toast-error").text == "Призначати й знімати адмінів може лише засновник."
    page.browser.get_log("browser")  # the refusal is a 409, which the console reports
