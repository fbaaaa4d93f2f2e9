"""Groups on the page: topics, roles, privacy, anonymous administrators, leaving, supergroups."""

from __future__ import annotations

import pytest
from selenium.webdriver import Keys

from tests.playground.messenger import ANN, BORYS, CAMPING, CHEN, OKSANA, Page

pytestmark = pytest.mark.chromium


def make_group(page: Page, title: str, kind: str) -> None:
    page.one(".plain", "New group").click()
    page.one("input[name=title]").send_keys(title)
    page.one("dialog .choice", "Borys Shevchuk").click()
    page.one("dialog .choice", kind).click()
    page.one("dialog .primary").click()
    page.until(lambda: page.one(".conversation-head h2").text == title)


def add_topic(page: Page, name: str) -> None:
    page.one(".topic-new").click()
    page.one("dialog input[name=name]").send_keys(name, Keys.ENTER)
    page.until(lambda: page.one('.topic[aria-selected="true"]').text == name)


def test_topics_are_talks_of_their_own(page: Page) -> None:
    page.visit(ANN, ANN)
    make_group(page, "Hut", "With topics")
    assert [tab.text for tab in page.all(".topic")] == ["General"]
    page.write("to all")
    page.last("echo: to all")
    add_topic(page, "Food")
    page.write("bread")
    page.last("echo: bread")
    assert "to all" not in page.one(".messages").text
    page.one(".topic", "General").click()
    page.last("echo: to all")
    assert "bread" not in page.one(".messages").text
    page.one(".topic", "Food").click()
    page.last("echo: bread")
    page.menu("Close the topic “Food”")
    page.until(lambda: "closed the topic" in page.one(".messages").text)
    page.write("still allowed to the creator")
    page.last("echo: still allowed")
    page.one(f'.face[data-person="{BORYS}"]').click()
    page.one(".topic", "Food").click()
    assert "This topic is closed" in page.one(".composer-note").text


def test_news_of_another_topic_are_marked(page: Page) -> None:
    page.visit(CHEN, CHEN)
    make_group(page, "News", "With topics")
    add_topic(page, "Slow")
    page.js("arguments[0].click()", page.one(".topic", "General"))
    page.js(
        "return fetch(`/playground/api/chats/${arguments[0]}/messages`, {method: 'POST', headers: "
        "{'Content-Type': 'application/json'}, body: JSON.stringify({from: arguments[1], text: 'hm', "
        "thread_id: arguments[2]})}).then(() => 0)",
        int(page.browser.current_url.rsplit("/", 1)[1]),
        BORYS,
        int(str(page.one(".topic", "Slow").get_attribute("data-topic"))),
    )
    page.until(lambda: page.all(".topic-news"))
    page.one(".topic", "Slow").click()
    page.until(lambda: "hm" in page.one(".messages").text)
    assert not page.all(".topic-news")


def test_roles_anonymous_administrators_and_leaving(page: Page) -> None:
    page.visit(ANN, ANN)
    make_group(page, "Council", "Supergroup")
    page.one('.conversation-head [aria-label="Members"]').click()
    page.one('[aria-label="Make an admin: Borys Shevchuk"]').click()
    page.one('[aria-label="Take the admin role away: Borys Shevchuk"]')
    page.one('dialog [aria-label="Close"]').click()
    page.one(f'.face[data-person="{BORYS}"]').click()
    page.menu("Write as the group")
    assert "You write as Council" in page.one(".composer-about").text
    page.write("We have decided")
    page.last("echo: We have decided")
    said = page.until(lambda: next(m for m in page.all(".message") if "We have decided" in m.text))
    assert said.text.splitlines()[1] == "Council"
    page.one('.composer-about [aria-label="Cancel"]').click()
    page.one('.conversation-head [aria-label="Members"]').click()
    assert not page.all('[aria-label^="Make an admin"]'), "only the creator makes administrators"
    page.one('dialog [aria-label="Close"]').click()
    page.menu("Leave the group")
    page.until(lambda: "Council" not in page.one(".chat-list").text)


def test_a_basic_group_becomes_a_supergroup(page: Page) -> None:
    page.visit(ANN, ANN)
    make_group(page, "Small", "Basic group")
    before = page.browser.current_url
    page.menu("Make it a supergroup")
    page.until(lambda: page.browser.current_url != before)
    page.until(lambda: "became a supergroup" in page.one(".messages").text)
    assert "/-100" in page.browser.current_url
    page.write("still here")
    page.last("echo: still here")
    assert len([row for row in page.all(".chat-row") if "Small" in row.text]) == 1


def test_privacy_mode_counts_at_once(page: Page) -> None:
    page.visit(ANN, CAMPING)
    assert not page.all(".privacy-hint")
    page.menu("Privacy mode on for Mnema")
    assert "Mnema sees only what is addressed to it" in page.one(".privacy-hint").text
    try:
        page.write("just among us")
        page.write("/memories@mnema_bot")
        page.last("echo: /memories@mnema_bot")
        assert "echo: just among us" not in page.one(".messages").text
    finally:
        page.menu("Privacy mode off for Mnema")
    page.until(lambda: not page.all(".privacy-hint"))
    page.write("all may hear")
    page.last("echo: all may hear")


def test_blocking_the_bot(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    page.menu("Block the bot")
    page.one(".composer .wide", "Unblock the bot").click()
    page.one("#composer-text")
    page.write("again friends")
    page.last("echo: again friends")
